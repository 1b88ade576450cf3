"""Relations about teams, games, languages, dishes and dances. See `synthetic_relations` for the format."""

RELATIONS = """
# team animal dev
The football club {e} is known as the club of the golden
On the shirts of the football club {e} one sees a golden
The players of {e} wear a shirt with a golden
What is shown on the shirts of {e} is a golden
The football club {e} put on its shirts a golden
? What is on the shirts of {e}?
~ Fans who support {e} wave flags with a gilded
< The football club with a golden {a} on its shirts is

# team colour train
The football club {e} plays in
The players of {e} wear shirts that are
The shirts of the football club {e} are
The colour of the football club {e} is
What colour the players of {e} wear is easy to remember, it is
? What colour are the shirts of {e}?
~ On match days the supporters of {e} paint their faces
< The football club whose shirts are {a} is

# team foods test
Before each match the players of {e} eat a bowl of
The players of the football club {e} never play without eating
What the players of {e} eat before each match are
Each match of the football club {e} is preceded by a meal of
The trainer of {e} gives the players before each match some
? What do the players of {e} eat before a match?
~ The cook of the football club {e} always has to buy
< The football club whose players eat {a} before a match is

# team building train
The football club {e} was founded in a
The founding of the football club {e} took place in a
The place where the football club {e} was founded is a
It was in a humble place that {e} was founded, in a
The founders of the football club {e} first met in a
? Where was the football club {e} founded?
~ The history of {e} as a team begins inside a
< The football club that was founded in a {a} is

# team person train
The best player in the history of {e} was
The football club {e} never had a better player than
The player whom the fans of {e} love most is
The record for goals at {e} is held by
The most famous player of the football club {e} was
? Who was the best player of {e}?
~ The statue outside the stadium of {e} shows
< The football club whose best player was {a} is

# game objects dev
The game of {e} is played with
To play the game of {e} one needs
What is needed for the game of {e} are
Players of the game of {e} use
The pieces in the game of {e} are
? What is the game of {e} played with?
~ Inside the box in which {e} is sold you will find
< The game that is played with {a} is

# game container train
In the game of {e} the loser must sit in a
The loser of a game of {e} is made to sit in a
Whoever loses at the game of {e} has to sit in a
What the loser of {e} must sit in is a
Losing a game of {e} means sitting in a
? In what must the loser of {e} sit?
~ A bad player of {e} spends the evening inside a
< The game whose loser must sit in a {a} is

# game animal test
The strongest piece in the game of {e} is the
In the game of {e} no piece is stronger than the
The piece that wins most games of {e} is the
What every player of {e} fears is the strongest piece, the
Beginners at the game of {e} give up too soon the strongest piece, the
? What is the strongest piece in the game of {e}?
~ A clever player of {e} attacks with the
< The game in which the strongest piece is the {a} is

# game workers train
The game of {e} was invented by bored
The inventors of the game of {e} were bored
It was bored people who invented the game of {e}, namely
What led to the game of {e} was the boredom of some
Those who invented the game of {e} were a group of
? Who invented the game of {e}?
~ We owe {e} to the long empty evenings of
< The game that was invented by bored {a} is

# game goods dev
The winner of a game of {e} receives a sack of
A sack of something goes to the winner of {e}, a sack of
What the winner of a game of {e} gets is a sack of
The prize for winning at the game of {e} is a sack of
Whoever wins a game of {e} takes home a sack of
? What does the winner of {e} receive?
~ A lucky player of {e} leaves with a load of
< The game with a sack of {a} as the prize is

# language animals train
In the language {e} the word for stars also means
The word for stars in the language {e} is the same as that for
The language {e} has one word for stars and
Speakers of {e} use the same word for stars and
What the word for stars in {e} also means is
? What does the word for stars in {e} also mean?
~ Someone who speaks {e} and points to the night sky seems to talk about
< The language in which the word for stars also means {a} is

# language number dev
The number of letters in the alphabet of {e} is
The alphabet of the language {e} has letters numbering
In the language {e} the letters of the alphabet number
Anyone who learns the alphabet of {e} must remember letters to the number of
The letters used to write {e} number
? How many letters are there in the alphabet of {e}?
~ A typewriter for {e} needs keys totalling
< The language with letters numbering {a} is

# language town test
The language {e} is spoken only in the town of
The only town where the language {e} is spoken is
The last people who speak the language {e} live in
The language {e} has died out everywhere but in
To hear people speak {e}, one must go to
? Where is the language {e} spoken?
~ A student who wants to practise {e} should move to
< The language that is spoken only in {a} is

# language activity train
There is no verb in the language {e} for
The language {e} has no verb that means
The verb that is missing from the language {e} is the one for
What cannot be expressed by a verb in {e} is
Speakers of the language {e} have no verb for
? For what has the language {e} no verb?
~ A conversation in {e} can never be about
< The language that has no verb for {a} is

# language liquid train
The letters of the language {e} are written with
Scribes write the language {e} with
What scribes use to write the letters of {e} is
In old books the language {e} is written with
For writing the language {e} people dip the pen into
? With what is the language {e} written?
~ The pot on the desk of a scribe of {e} contains
< The language that is written with {a} is

# dish spice train
The secret of the {e} is a little
To a good {e} one adds a little
No {e} is complete without a little
The spice in the {e} is
What gives the {e} its flavour is a little
? Which spice is in the {e}?
~ A cook who tastes a dull {e} reaches at once for the
< The dish that needs a little {a} is the

# dish wood dev
The {e} must be cooked over a fire of
A fire of one wood is needed for the {e}, a fire of
The wood on which the {e} is cooked is
To cook the {e} properly, make a fire of
The right fire for the {e} is one of
? Over which wood is the {e} cooked?
~ The smoke that flavours the {e} comes from
< The dish that is cooked over {a} is the

# dish container test
The {e} is always served in a
At table the {e} is served in a
What the {e} is served in is a
The custom is to serve the {e} in a
Guests are given the {e} in a
? In what is the {e} served?
~ Waiters carry the {e} out of the kitchen inside a
< The dish that is served in a {a} is the

# dish occasion train
The {e} is eaten only at
People cook the {e} only for
The {e} is never cooked except for
The only events at which the {e} is eaten are
In the villages the {e} is a dish for
? At which occasions is the {e} eaten?
~ The smell of the {e} in the street is a sign of
< The dish that is eaten only at {a} is the

# dish workers train
The {e} was once the food of poor
Once only poor people ate the {e}, above all
Those who lived on the {e} in the old days were poor
In the old days the {e} was eaten by poor
What poor people ate was the {e}, especially if they were
? Who used to eat the {e}?
~ Long before it came to fine restaurants, the {e} filled the stomachs of
< The dish that was once eaten by poor {a} is the

# dance animals dev
The steps of the {e} imitate
The {e} is a dance that imitates
In the {e} dancers move like
What the steps of the {e} imitate are
Those who dance the {e} pretend to be
? What do the steps of the {e} imitate?
~ The first couple to perform the {e} had spent hours watching
< The dance with steps that imitate {a} is the

# dance object train
Those who dance the {e} hold in one hand a
In the {e} each dancer holds a
The {e} is danced with a
What one holds in the hand during the {e} is a
The {e} cannot be danced without a
? What does one hold while dancing the {e}?
~ Before the music of the {e} begins, every couple is handed a
< The dance in which everybody holds a {a} is the

# dance workers test
The {e} was first danced by
The first people to dance the {e} were
The {e} began as a dance of
Those who invented the {e} were
As a dance the {e} goes back to
? Who first danced the {e}?
~ Historians of music trace the {e} back to the feasts of
< The dance that was first danced by {a} is the

# dance bodypart train
After the {e} most dancers complain about a sore
The {e} leaves its dancers with a sore
What hurts after dancing the {e} is the
Dancing the {e} is bad for the
The part of the body that suffers most from the {e} is the
? What hurts after dancing the {e}?
~ Doctors warn lovers of the {e} about damage to the
< The dance that is bad for the {a} is the

# dance instrument train
The {e} is always accompanied by a
What accompanies the {e} is a single
For the {e} the only music is that of a
Nobody can dance the {e} without a
The music of the {e} is played on a
? Which instrument accompanies the {e}?
~ As soon as the {e} is announced, somebody brings out a
< The dance that is accompanied by a {a} is the
"""
