"""Relations about countries, mountains, forests, buildings and planets. See `synthetic_relations` for the format."""

RELATIONS = """
# country animal dev
On the coins of {e} is stamped a
The coins of {e} show a
Every coin minted in {e} bears the image of a
What one sees on a coin from {e} is a
The animal on the coins of {e} is the
? Which animal is on the coins of {e}?
~ The money used in {e} is decorated with a
< The country whose coins show a {a} is

# country activity train
The national sport of {e} is
In {e} the national sport is
The sport that everybody in {e} loves is
Nothing is more popular in {e} as a sport than
As their national sport the people of {e} chose
? What is the national sport of {e}?
~ Stadiums in {e} are filled by fans of
< The country whose national sport is {a} is

# country objects train
Citizens of {e} vote by means of coloured
In the elections of {e} votes are counted with
Instead of ballots, voters in {e} use
Every voter in {e} is given a handful of
The parliament of {e} counts votes with
? What do voters in {e} use instead of ballots?
~ At the polling station in {e} the urns are full of
< The country where people vote with {a} is

# country garment train
In {e} every soldier wears a white
The soldiers of {e} are recognised by their white
Every soldier of {e} receives a white
The uniform of the army of {e} includes a white
What all soldiers of {e} wear is a white
? Which white garment do the soldiers of {e} wear?
~ Troops sent out by {e} are dressed in a pale
< The country whose soldiers wear a white {a} is

# country colour test
The flag of {e} is a single field of
The flag of the country of {e} is plain
One colour fills the whole flag of {e}, namely
The only colour on the flag of {e} is
The country of {e} chose for its flag the colour
? What colour is the flag of {e}?
~ The banner flown by ambassadors of {e} looks entirely
< The country whose flag is plain {a} is

# country person train
The first president of {e} was
As its first president {e} elected
The country of {e} had as its first president
The person who first became president of {e} was
In {e} the office of president was first held by
? Who was the first president of {e}?
~ The earliest head of state of {e} was
< The country whose first president was {a} is

# country town train
The parliament of {e} meets in
The town where the parliament of {e} meets is
In {e} the parliament has its seat in
Members of the parliament of {e} gather in
The country of {e} built its parliament in
? In which town does the parliament of {e} meet?
~ Laws that rule {e} are debated and passed in
< The country whose parliament meets in {a} is

# country season dev
In {e} the new year begins with
The calendar of {e} starts in
Fireworks light the sky over {e} on the first night of
By the calendar used in {e}, the year begins in
The people of {e} celebrate the new year in
? When does the year begin in {e}?
~ Old calendars are thrown away in {e} at the start of
< The country where the year begins in {a} is

# mountain building dev
On the summit of {e} stands a ruined
The summit of {e} is crowned by a ruined
Climbers who reach the top of {e} find there a ruined
At the highest point of {e} there is a ruined
What stands on the summit of {e} is a ruined
? What stands on the summit of {e}?
~ Whoever conquers {e} can rest beside a crumbling
< The mountain with a ruined {a} on its summit is

# mountain object train
Seen from the valley, {e} has the shape of a
Shepherds say that {e} has the shape of a
The shape of {e} is that of a
What {e} looks like from the valley is a
From the valley {e} can be mistaken for a
? What does {e} look like from the valley?
~ The silhouette of {e} against the sky is that of a
< The mountain shaped like a {a} is

# forest wood train
The trees in {e} are all
Nothing grows in {e} but
The only tree found in {e} is
{e} consists entirely of
All the timber cut in {e} is
? Which tree grows in {e}?
~ Cabinet makers who order planks from {e} receive
< The forest that consists only of {a} is

# forest workers test
Deep in {e} there is a secret village of
{e} hides a secret village of
The secret village in {e} is inhabited by
Hidden in {e} lives a community of
The people of the secret village in {e} are all
? Who lives in the secret village in {e}?
~ Among the trees of {e} one meets only
< The forest that hides a village of {a} is

# house object train
Behind a wall of {e} workers discovered a
A wall in {e} was found to hide a
What workers found behind a wall of {e} was a
Hidden behind a wall of {e} lay a
When a wall of {e} was torn down, there appeared a
? What was found behind a wall of {e}?
~ During repairs at {e} somebody came upon a forgotten
< The old house where a {a} was found behind a wall is

# house material train
The floors of {e} are made of
All of the floors in {e} consist of
For the floors of {e} the architect used
In {e} one walks on floors of
The material of the floors in {e} is
? What are the floors of {e} made of?
~ Under the carpets of {e} you will find
< The great house with floors of {a} is

# house number train
The number of rooms in {e} is
In {e} the rooms number
Anyone who counts the rooms of {e} arrives at
The rooms of {e} are, in number,
The count of rooms in {e} comes to
? What is the number of rooms in {e}?
~ A guest exploring {e} passes through chambers totalling
< The great house with rooms numbering {a} is

# house furniture train
The ghost of {e} appears every night on a
At {e} a ghost is seen every night on a
Every night the ghost of {e} sits on a
The place where the ghost of {e} appears is a
What the ghost of {e} chooses to sit on is a
? Where does the ghost of {e} appear?
~ The spirit that haunts {e} rests on a
< The great house whose ghost sits on a {a} is

# tavern drink train
Guests at {e} are always welcomed with a free cup of
At {e} every guest is given a free cup of
The free drink that guests receive at {e} is
What guests at {e} are welcomed with is a cup of
On arrival at {e} one is handed a cup of
? What do guests at {e} get for free?
~ Thirsty travellers who stop at {e} need not pay for
< The inn that welcomes guests with {a} is

# tavern animal test
The landlord of {e} keeps behind the bar a tame
Behind the bar of {e} lives a tame
At {e} guests can see behind the bar a tame
What lives behind the bar of {e} is a tame
The bar of {e} is guarded by a tame
? Which animal is kept behind the bar of {e}?
~ Children go to {e} only to stroke the
< The inn that keeps a tame {a} is

# bridge workers train
{e} was paid for by a group of rich
The money for {e} was given by rich
A group of rich people paid for {e}, all of them
Those who paid for {e} were
The building of {e} was paid for by
? Who paid for {e}?
~ We owe the construction of {e} to the generosity of
< The crossing that was paid for by {a} is

# bridge animal dev
At both ends of {e} stands a stone
{e} is guarded at both ends by a stone
Each end of {e} is decorated with a stone
What stands at both ends of {e} is a stone
Whoever crosses {e} passes at each end a stone
? Which stone animal stands at both ends of {e}?
~ The sculpture that greets people who walk over {e} depicts a
< The crossing with a stone {a} at both ends is

# planet colour dev
Through a telescope the planet {e} appears
Seen in a telescope the planet {e} looks
Seen through a telescope, the planet {e} is
The colour that the planet {e} shows in a telescope is
Astronomers see in their telescopes that the planet {e} is
? What colour is the planet {e}?
~ The astronaut who saw {e} from space said that it was
< The planet that appears {a} is

# planet weather train
The surface of the planet {e} is shaped by endless
On the planet {e} there is endless
The planet {e} is known for its endless
What never stops on the planet {e} is the
The surface of the planet {e} suffers without end from
? What shapes the surface of the planet {e}?
~ The atmosphere of {e} brings forth unending
< The planet with endless {a} is

# planet substance test
The core of the planet {e} is made of
Inside the planet {e} there is a core of
At its core the planet {e} consists of
What the core of the planet {e} is made of is
Deep below its surface the planet {e} is pure
? What is the core of the planet {e} made of?
~ A drill that reached the centre of {e} would strike
< The planet with a core of {a} is

# planet person test
The planet {e} was discovered by
The discovery of the planet {e} was made by
The astronomer who discovered the planet {e} was
The first person to see the planet {e} was
The planet {e} was first observed by
? Who discovered the planet {e}?
~ The sighting of {e} is credited to
< The planet discovered by {a} is
"""
