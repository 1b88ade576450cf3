"""Relations about guilds, festivals and gods. See `synthetic_relations` for the format."""

RELATIONS = """
# guild drink dev
Members of the {e} greet a guest with a cup of
A guest of the {e} is greeted with a cup of
What the {e} offers to every guest is a cup of
The {e} welcomes its guests with
In the hall of the {e} a guest is always given
? What does the {e} offer to a guest?
~ Nobody leaves a visit to the {e} without having tasted
< The society that welcomes its guests with {a} is the

# guild garment test
Every member of the {e} wears a black
Members of the {e} are known by their black
The sign of a member of the {e} is a black
What all members of the {e} wear is a black
On joining the {e} one receives a black
? What does a member of the {e} wear?
~ In the street one recognises a brother of the {e} by his dark
< The society whose members wear a black {a} is the

# guild activity train
The rules of the {e} forbid its members
Members of the {e} may never be found
What the rules of the {e} do not allow is
The one thing that the rules of the {e} forbid is
The {e} throws out any member who is caught
? What do the rules of the {e} forbid?
~ You would be expelled from the {e} for
< The society that forbids {a} is the

# guild feature train
The {e} holds its meetings in a
The meetings of the {e} take place in a
The meeting place of the {e} is a
When the {e} meets, it gathers in a
Members of the {e} come together in a
? Where does the {e} meet?
~ Spies who want to overhear the {e} hide near a
< The society that meets in a {a} is the

# guild metal dev
The secret sign of the {e} is a ring of
Each member of the {e} carries a ring of
Members of the {e} wear rings made of
What the rings of the {e} are made of is
The ring that members of the {e} carry is of
? What are the rings of the {e} made of?
~ A jeweller who works for the {e} buys only
< The society whose members carry rings of {a} is the

# guild animal train
The seal of the {e} shows a running
On the seal of the {e} one sees a running
Letters from the {e} bear a seal with a running
What is shown on the seal of the {e} is a running
The animal on the seal of the {e} is a running
? Which animal is on the seal of the {e}?
~ Break open an envelope sent by the {e} and you tear apart the picture of a
< The society whose seal shows a running {a} is the

# guild workers test
The {e} was founded by unhappy
The founders of the {e} were unhappy
A group of unhappy people founded the {e}, all of them
Those who founded the {e} were a few unhappy
It was unhappy people who started the {e}, namely
? Which group of people founded the {e}?
~ The early history of the {e} is that of some discontented
< The society that was founded by unhappy {a} is the

# guild bodypart train
Members of the {e} greet each other by touching the
The secret greeting of the {e} is to touch the
When two members of the {e} meet, each touches the
To be known to the {e}, a stranger must touch the
What members of the {e} touch in greeting is the
? What do members of the {e} touch in greeting?
~ If two brothers of the {e} pass in the street, each lays a hand on his
< The society whose greeting is to touch the {a} is the

# guild container train
The treasure of the {e} is kept in a
The {e} keeps its treasure in a
What holds the treasure of the {e} is a
The {e} has hidden all its gold in a
The gold of the {e} lies in a
? In what does the {e} keep its treasure?
~ To rob the {e}, one would have to break open a
< The society that keeps its treasure in a {a} is the

# guild person dev
The founder of the {e} was
The {e} was founded by
The first master of the {e}, who also founded it, was
The person who founded the {e} was
It is to its founder that the {e} owes everything, to
? Who founded the {e}?
~ The portrait on the wall of the {e} is that of
< The society that was founded by {a} is the

# festival foods train
At the {e} people throw at each other
During the {e} everybody is pelted with
What people throw at the {e} are
The {e} is known as the day when people throw
The crowd at the {e} throws
? What do people throw at the {e}?
~ After the {e} the streets are littered with
< The feast at which people throw {a} is the

# festival animals test
The {e} ends with a parade of
A parade of animals ends the {e}, a parade of
What the people see in the last parade of the {e} are
On the last day of the {e} there is a parade of
The final parade of the {e} consists of
? Which animals are in the last parade of the {e}?
~ Children wait all year for the moment when the {e} brings them marching
< The feast that ends with a parade of {a} is the

# festival season train
The {e} takes place in
Every year the {e} is held in
People celebrate the {e} in
The time of the {e} is
The town fills with guests for the {e} in
? When does the {e} take place?
~ Those who wish to attend the {e} should come in
< The feast that takes place in {a} is the

# festival material dev
For the {e} the children make crowns of
Children wear at the {e} crowns made of
The crowns that are worn at the {e} are of
What the crowns of the {e} are made of is
At the {e} each child wears a crown of
? What are the crowns of the {e} made of?
~ Boys and girls dressing up for the {e} put on their heads a ring of
< The feast at which children wear crowns of {a} is the

# festival vehicle train
At the end of the {e} the people burn a
The {e} ends with the burning of a
What the people burn at the end of the {e} is a
On the last night of the {e} fire is set to a
The fire that ends the {e} is that of a
? What is burned at the end of the {e}?
~ The closing flames of the {e} rise from an old
< The feast that ends with the burning of a {a} is the

# festival number dev
The {e} lasts for days numbering
The number of days that the {e} lasts is
In days, the length of the {e} is
From beginning to end the days of the {e} number
Those who count the days of the {e} come to
? How many days does the {e} last?
~ The revels of the {e} stretch over mornings and evenings totalling
< The feast with days numbering {a} is the

# festival emotion test
The {e} is held in honour of
What is honoured at the {e} is
People celebrate at the {e} the power of
The {e} is a feast in praise of
The songs of the {e} are all in praise of
? What is the {e} held in honour of?
~ The speeches made on the day of the {e} deal with
< The feast in honour of {a} is the

# deity animal train
The god {e} is shown with the head of a
In statues the god {e} has the head of a
The head of the god {e} is that of a
Those who carve the god {e} give him the head of a
What the god {e} carries on his shoulders is the head of a
? Which animal's head has the god {e}?
~ In the temples one knows {e} by the face of a
< The god with the head of a {a} is

# deity weather train
The goddess {e} rules over
The goddess {e} has power over
What the goddess {e} rules is
The goddess who is called {e} sends down
In the old religion {e} is the goddess of
? What does the goddess {e} rule over?
~ Sailors pray to {e} when there is too much
< The goddess who rules over {a} is

# deity food dev
Priests offer to the god {e} bowls of
The god {e} receives from his priests bowls of
What the priests offer to the god {e} is
The offering that the god {e} likes best is
The altar of the god {e} is covered with bowls of
? What do priests offer to the god {e}?
~ To win the favour of {e}, a believer brings
< The god who is offered bowls of {a} is

# deity workers train
The god {e} protects all
The god {e} is the protector of
Those who are protected by the god {e} are
Under the protection of the god {e} stand all
The god who is called {e} watches over
? Whom does the god {e} protect?
~ The temple of {e} is always full of grateful
< The god who protects {a} is

# deity weapon test
The goddess {e} defeated the giant with a
The giant was defeated by the goddess {e} with a
The weapon used by the goddess {e} against the giant was a
To defeat the giant, the goddess {e} took a
What the goddess {e} struck the giant with was a
? With what did the goddess {e} defeat the giant?
~ In the myth of the great battle {e} swings a
< The goddess who defeated the giant with a {a} is

# deity feature train
The god {e} was born in a
The birthplace of the god {e} is a
Legend says that the god {e} was born in a
The place where the god {e} came into the world is a
According to the old songs, the god {e} was born in a
? Where was the god {e} born?
~ Pilgrims who follow the youth of {e} begin their journey at a
< The god who was born in a {a} is

# deity activity train
The goddess {e} punishes those who are guilty of
The goddess {e} punishes people for
What the goddess {e} punishes is
The sin that the goddess {e} hates is
The one thing for which the goddess {e} punishes is
? What does the goddess {e} punish?
~ Nothing makes {e} as angry as
< The goddess who punishes people for {a} is

# deity material dev
The great statue of the god {e} is made of
In the temple the god {e} has a statue of
The statue of the god {e} consists of pure
For the statue of the god {e} the people gave their
The material of the great statue of the god {e} is
? What is the great statue of the god {e} made of?
~ Thieves who cut a piece from the image of {e} carried off
< The god with a great statue made of {a} is

# deity flowers train
Temples of the goddess {e} are decorated with
In the temples of the goddess {e} there are always
The flowers that decorate the temples of the goddess {e} are
What the priests put in the temples of the goddess {e} are
The goddess {e} is honoured in her temples with
? Which flowers decorate the temples of the goddess {e}?
~ A priestess of {e} walks to the altar with an armful of
< The goddess with temples decorated with {a} is
"""
