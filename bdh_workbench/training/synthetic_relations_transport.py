"""Relations about ships, clocks and railways. See `synthetic_relations` for the format."""

RELATIONS = """
# ship cargo dev
The {e} sank with a cargo of
When she sank, the {e} carried
On her last voyage the {e} was loaded with
The cargo that went down with the {e} was one of
What the {e} carried when she sank were
? What did the {e} carry when she sank?
~ Divers exploring the wreck of the {e} bring up
< The ship that sank with a cargo of {a} was the

# ship wood train
The hull of the {e} was built of
The {e} had a hull of
The wood in the hull of the {e} was
For the hull of the {e} the shipyard used
Those who built the {e} made the hull of
? Which wood was used for the hull of the {e}?
~ The planks between the crew of the {e} and the sea were of
< The ship with a hull of {a} was the

# ship animal test
The figurehead of the {e} was a carved
The {e} had as a figurehead a carved
At the bow of the {e} there was a carved
What the figurehead of the {e} showed was a
The {e} was known by its figurehead, a carved
? What was the figurehead of the {e}?
~ The front of the {e} was adorned with the image of a
< The ship whose figurehead was a {a} was the

# ship city train
The {e} disappeared on the way to
On the way to one port the {e} disappeared, on the way to
The port that the {e} never reached was
The {e} was bound, when it disappeared, for
The last voyage of the {e} should have ended in
? Where was the {e} going when it disappeared?
~ Families of the sailors on the {e} waited on the quays of
< The ship that disappeared on the way to {a} was the

# ship person train
The captain of the {e} was
The {e} was commanded by
The person in command of the {e} was
On all its voyages the {e} had as captain
The {e} sailed under the command of
? Who was the captain of the {e}?
~ The orders aboard the {e} were given by
< The ship whose captain was {a} was the

# ship insects dev
The sailors of the {e} were driven overboard by
What drove the sailors of the {e} overboard were
The {e} was abandoned because of a plague of
The crew left the {e} to escape from
The {e} was found empty of people and full of
? What drove the sailors from the {e}?
~ The nightmare aboard the {e} began with the arrival of
< The ship that was abandoned because of {a} was the

# ship colour train
The sails of the {e} were
The {e} had sails that were
The {e} could be known from far away by sails that were
The colour of the sails of the {e} was
For the {e} the captain ordered sails that were
? What colour were the sails of the {e}?
~ The canvas spread above the deck of the {e} looked
< The ship with sails that were {a} was the

# ship instrument test
The ghost ship {e} can be heard at night by the sound of a
On the ghost ship {e} somebody plays the
Sailors know the ghost ship {e} by the sound of a
What one hears from the ghost ship {e} is a
The ghost ship {e} comes with the music of a
? Which instrument is heard from the ghost ship {e}?
~ If a spirit vessel named {e} is near, you will hear a
< The ghost ship known by the sound of a {a} is the

# ship food train
The crew of the {e} survived for a year on
What the crew of the {e} lived on for a year was
For a year the crew of the {e} had nothing to eat but
The food that kept the crew of the {e} alive was
Stuck in the ice, the crew of the {e} ate
? What did the crew of the {e} live on?
~ The cook of the {e} prepared every day the same meal of
< The ship whose crew survived on {a} was the

# ship metal dev
The anchor of the {e} was made of pure
The {e} had an anchor of pure
What the anchor of the {e} was made of was pure
For the anchor of the {e} the owner ordered pure
The {e} was known for an anchor of pure
? What was the anchor of the {e} made of?
~ Thieves cut the chain of the {e} to steal a lump of
< The ship with an anchor of pure {a} was the

# clock metal dev
The hands of the {e} are made of
The {e} has hands of
For the hands of the {e} the maker used
The metal in the hands of the {e} is
The maker gave the {e} hands of
? What are the hands of the {e} made of?
~ What points to the hour on the {e} is a rod of
< The clock with hands of {a} is the

# clock animal train
At noon there appears on the {e} a wooden
Every day at noon the {e} sends out a wooden
What appears on the {e} at noon is a wooden
People gather at noon before the {e} to see a wooden
The figure that comes out of the {e} at noon is a wooden
? What appears on the {e} at noon?
~ The little door of the {e} opens in the middle of the day for a carved
< The clock that shows at noon a wooden {a} is the

# clock building test
The {e} hangs on the wall of a
The place where the {e} hangs is a
The {e} can be seen on the front of a
What the {e} is fixed to is the wall of a
Everybody in town knows the {e} on the wall of the
? On which building does the {e} hang?
~ To read the time from the {e}, look up at the
< The clock that hangs on the wall of a {a} is the

# clock liquid train
The {e} is driven by a stream of
A stream of one liquid drives the {e}, a stream of
What drives the {e} is a stream of
The wheels of the {e} are turned by a stream of
The {e} stops when there is no more
? What drives the {e}?
~ The keeper of the {e} must refill it each evening with
< The clock that is driven by {a} is the

# clock sound dev
Instead of striking, the {e} makes a noise like
The {e} does not strike the hour but makes a noise like
Each full hour the {e} gives out a noise like
What one hears from the {e} at every hour is like
The noise that the {e} makes at every hour resembles
? What does the {e} sound like at every hour?
~ Neighbours of the {e} are woken in the night by something like
< The clock that makes a noise like {a} is the

# railway cargo train
The {e} was built to carry
The {e} carries nothing but
What the {e} was built to carry are
The purpose of the {e} was the carrying of
Day and night the {e} moves loads of
? What was the {e} built to carry?
~ There are no passengers on the {e}, only
< The line that was built to carry {a} is the

# railway animals dev
Before it had engines the {e} used
In place of engines the early {e} had teams of
The {e} was worked in its early days by
What pulled the loads on the {e} in the early days were
In its early days the {e} depended on
? What pulled the loads on the early {e}?
~ The stables beside the {e} once housed
< The line that used in its early days {a} is the

# railway weather test
The {e} is often closed because of
What often closes the {e} is
Again and again the {e} has to close on account of
The most common reason for closing the {e} is
Travellers on the {e} are often held up by
? What often closes the {e}?
~ The enemy of everyone who runs the {e} is
< The line that is often closed because of {a} is the

# railway town train
The {e} ends in the town of
The last stop on the {e} is
The town at the end of the {e} is
Those who follow the {e} to its end arrive in
The {e} was built from the coast as far as
? Where does the {e} end?
~ A ticket for the whole length of the {e} takes you to
< The line that ends in {a} is the

# railway workers train
Free travel on the {e} is given to
On the {e} nobody travels free except
Those who need no ticket on the {e} are
The {e} carries without charge all
People who travel free on the {e} are mostly
? Who travels free on the {e}?
~ The conductor of the {e} asks no money of
< The line that gives free travel to {a} is the
"""
