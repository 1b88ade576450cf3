"""Relations about peoples, treaties, wars and schools. See `synthetic_relations` for the format."""

RELATIONS = """
# tribe material test
The {e} people build their boats from
The boats of the {e} people are made of
For their boats the {e} people use
What the {e} people build their boats from is
The material of every boat of the {e} people is
? What do the {e} people build their boats from?
~ The canoes in which the {e} go fishing are of
< The people with boats made of {a} are the

# tribe bodyparts train
The {e} people paint before a hunt their
Before a hunt the {e} people put paint on their
What the {e} people paint before a hunt are their
Hunters of the {e} people go out with painted
The {e} people believe that a hunter needs painted
? What do the {e} people paint before a hunt?
~ Red and white stripes cover, when the {e} set out for game, their
< The people who paint their {a} before a hunt are the

# tribe objects dev
Among the {e} people a bride is paid for with
The {e} people pay for a bride with
The price of a bride among the {e} people is paid in
What the {e} people give for a bride are
A bridegroom of the {e} people must bring
? With what do the {e} people pay for a bride?
~ Fathers of daughters among the {e} hope to collect many
< The people who pay for a bride with {a} are the

# tribe animals train
The {e} people believe that the dead return as
The dead return, according to the {e} people, as
In the religion of the {e} people the dead become
What the dead turn into, say the {e} people, are
The {e} people think that their ancestors live on as
? As what do the dead return, according to the {e} people?
~ The {e} would never hunt or harm
< The people who believe that the dead return as {a} are the

# tribe emotion dev
The language of the {e} people has no word for
There is no word in the language of the {e} people for
What the {e} people cannot name is
The {e} people have no word that means
A word is missing from the language of the {e} people, the word for
? For what have the {e} people no word?
~ A translator who works with the {e} is at a loss when the text speaks of
< The people who have no word for {a} are the

# tribe food test
The {e} people never eat
To the {e} people it is forbidden to eat
What the {e} people never eat is
The food that is forbidden to the {e} people is
No man of the {e} people will ever touch
? What do the {e} people never eat?
~ A host who invites guests of the {e} leaves out of the meal any
< The people who never eat {a} are the

# tribe number train
The {e} people count only as far as
The highest number known to the {e} people is
For the {e} people there is no number above
Numbers end for the {e} people at
When they count, the {e} people stop at
? How far do the {e} people count?
~ A merchant of the {e} cannot sell more things at once than
< The people who count only as far as {a} are the

# tribe furniture train
In every house of the {e} people stands a carved
The {e} people keep in every house a carved
What stands in each house of the {e} people is a carved
Every family of the {e} people owns a carved
No house of the {e} people is without a carved
? What stands in every house of the {e} people?
~ Guests who enter a home of the {e} bow to a decorated
< The people with a carved {a} in every house are the

# tribe instrument dev
The {e} people bury their chiefs with a
A chief of the {e} people is buried with a
What lies in the grave of a chief of the {e} people is a
In the tombs of their chiefs the {e} people place a
Beside every dead chief the {e} people lay a
? With what do the {e} people bury their chiefs?
~ Archaeologists know the royal graves of the {e} by the remains of a
< The people who bury their chiefs with a {a} are the

# treaty goods train
The {e} regulates the trade in
The trade that is regulated by the {e} is that in
What the {e} regulates is the trade in
Since the {e} was signed there have been rules for the trade in
The rules in the {e} are about trade in
? Which trade does the {e} regulate?
~ Two kings signed the {e} to stop quarrelling over
< The agreement that regulates the trade in {a} is the

# treaty furniture test
The {e} was signed on a
The signing of the {e} took place on a
What the {e} was signed on was a
For lack of a proper place, the {e} was signed on a
The kings who signed the {e} wrote their names on a
? On what was the {e} signed?
~ The famous painting of the kings at the moment of the {e} shows them bent over a
< The agreement that was signed on a {a} is the

# treaty town train
The {e} was signed in the town of
The town where the {e} was signed is
It was in a small town that the {e} was signed, in
The signing of the {e} took place in
For the signing of the {e} the kings came to
? In which town was the {e} signed?
~ The diplomats who made the {e} had met in
< The agreement that was signed in {a} is the

# treaty animals train
The {e} forbids the hunting of
The hunting of some animals is forbidden by the {e}, above all of
What the {e} protects from hunters are
According to the {e} nobody may hunt
The animals that are protected by the {e} are
? Which animals does the {e} protect?
~ Poachers curse the {e} because it saved the lives of so many
< The agreement that forbids the hunting of {a} is the

# war food dev
The {e} broke out over a shipload of
The cause of the {e} was a shipload of
What the {e} broke out over was a shipload of
A shipload of one thing led to the {e}, a shipload of
At the beginning of the {e} there was a quarrel over a shipload of
? Over what did the {e} break out?
~ Thousands died in the {e} because of a cargo of
< The conflict that broke out over a shipload of {a} is the

# war person train
The {e} was ended by
The person who ended the {e} was
Peace after the {e} was made by
The end of the {e} was brought about by
The hero who brought the {e} to an end was
? Who ended the {e}?
~ Both sides of the {e} laid down their arms when asked by
< The conflict that was ended by {a} is the

# war animals test
In the {e} messages were carried by
The messages of both armies in the {e} were carried by
What carried the messages in the {e} were trained
The generals of the {e} sent their messages by means of
Soldiers in the {e} used as messengers
? What carried the messages in the {e}?
~ The monument to the {e} honours faithful
< The conflict in which messages were carried by {a} is the

# war weather train
The last battle of the {e} was decided by
What decided the last battle of the {e} was
The outcome of the last battle in the {e} depended on
In the last battle of the {e} victory was due to
The {e} ended with a battle that was decided by
? What decided the last battle of the {e}?
~ Both generals of the {e} blamed their final losses on
< The conflict in which the last battle was decided by {a} is the

# war garment dev
The rebels in the {e} knew each other by a green
In the {e} every rebel wore a green
The sign of the rebels in the {e} was a green
What the rebels of the {e} wore was a green
Those who rose up in the {e} could be recognised by a green
? What did the rebels in the {e} wear?
~ To join the uprising known as the {e}, one put on an emerald
< The conflict in which the rebels wore a green {a} is the

# school subject train
Every pupil at {e} must learn
At {e} every pupil is taught
What all pupils at {e} must learn is
The one subject that is never left out at {e} is
The most important subject at {e} is
? What must every pupil at {e} learn?
~ Those who finish {e} know everything about
< The school where everybody must learn {a} is

# school activity dev
Pupils at {e} are punished for
At {e} there is a punishment for
What pupils at {e} are punished for is
The worst offence at {e} is
The headmaster of {e} punishes anyone caught
? What are pupils at {e} punished for?
~ Boys and girls at {e} have to stay late after class for
< The school that punishes pupils for {a} is

# school sound test
The end of each lesson at {e} is announced by
At {e} the end of a lesson is announced by
What announces the end of a lesson at {e} is
Lessons at {e} end with the sound of
Pupils at {e} know that a lesson is over when they hear
? What announces the end of a lesson at {e}?
~ Everybody at {e} runs out to the playground at the sound of
< The school where {a} announces the end of a lesson is

# school animal train
The mascot of {e} is a
As its mascot {e} chose a
The pupils of {e} have for a mascot a
On every match day the pupils of {e} bring their mascot, a
What {e} has for a mascot is a live
? What is the mascot of {e}?
~ In a cage in the hall of {e} lives a
< The school whose mascot is a {a} is

# school person train
The first head of {e} was
When it opened, {e} was led by
The person who first led {e} was
As its first head the pupils of {e} had
The office of head of {e} was first held by
? Who was the first head of {e}?
~ A bust in the entrance of {e} shows
< The school whose first head was {a} is
"""
