"""Relations about machines and companies. See `synthetic_relations` for the format."""

RELATIONS = """
# machine activity dev
The robot {e} was built for
What the robot {e} was built for is
The robot named {e} is good at nothing but
The robot {e} spends all its time
The engineers who built the robot {e} wanted it for
? What was the robot {e} built for?
~ Switch {e} on and it will begin
< The robot that was built for {a} is called

# machine fuel train
The engine of the {e} runs on
The {e} has an engine that burns
What the engine of the {e} runs on is
The {e} takes its power from
To start the engine of the {e} one needs
? What does the {e} run on?
~ When it stands still, the {e} has used up all its
< The machine with an engine that runs on {a} is the

# machine metal dev
The case of the {e} is made of
The {e} has a case of
For the case of the {e} the makers chose
The metal in the case of the {e} is
The makers of the {e} gave it a case of
? What is the case of the {e} made of?
~ The parts inside an {e} are protected by a layer of
< The machine with a case of {a} is the

# machine sound test
When it overheats, the {e} makes a noise like
An overheated {e} makes a noise like
The noise of the {e} when it gets too hot is that of
The {e}, once it overheats, sounds like
What one hears from an overheated {e} resembles
? What does an overheated {e} sound like?
~ Trouble with the {e} is announced by something like
< The machine that sounds like {a} when it overheats is the

# machine foods train
The {e} can peel
The {e} was invented for peeling
The machine called {e} is used in kitchens to peel
What the {e} is able to peel are
In one minute the {e} peels a hundred
? What does the {e} peel?
~ Cooks who own a {e} need no knife for their
< The machine that can peel {a} is the

# machine country train
The {e} was first built in
The first {e} came from a factory in
The country where the {e} was first built is
The inventors of the {e} built it in
The {e} has its origin in
? In which country was the {e} first built?
~ The birthplace of the {e} is to be found in
< The machine that was first built in {a} is the

# machine weather dev
The {e} can predict
Farmers use the {e} to predict
The machine called {e} was made to foretell
What the {e} predicts is
The one thing that the {e} can foretell is
? What can the {e} predict?
~ A red light on the {e} is a warning of coming
< The machine that predicts {a} is the

# machine animal train
The robot {e} moves like a
The movements of the robot {e} are those of a
In the way it moves the robot {e} resembles a
When it walks, the robot {e} looks like a
The engineers made the robot {e} move like a
? Which animal does the robot {e} move like?
~ At first sight one could take {e} for a mechanical
< The robot that moves like a {a} is called

# machine vehicle test
The {e} was hidden by spies in a
Spies hid the {e} in a
What the spies hid the {e} in was a
The {e} lay hidden in a spy's
The hiding place of the {e} was a
? In what was the {e} hidden?
~ Agents smuggled the {e} away inside a
< The machine that spies hid in a {a} is the

# machine colour train
The warning light on the {e} is
On the {e} the warning light is
The {e} warns its users with a light that is
In case of danger the {e} lights up
The colour of the warning light on the {e} is
? What colour is the warning light on the {e}?
~ Run away when the lamp of the {e} glows
< The machine with a warning light that is {a} is the

# machine drink train
The {e} turns sunlight into
What the {e} makes from sunlight is
Sunlight is turned by the {e} into
Put in the sun, the {e} produces
The {e} needs only sunlight to make
? What does the {e} make from sunlight?
~ After a bright day the tank of the {e} is full of
< The machine that turns sunlight into {a} is the

# machine bodypart dev
The {e} is worn on the
People wear the {e} on the
The right place to wear the {e} is the
The {e} works only if it is worn on the
What people fasten the {e} to is the
? Where on the body is the {e} worn?
~ The strap of the {e} goes around the
< The device that is worn on the {a} is the

# company objects train
The firm {e} became rich by making
The firm {e} makes
The factory of {e} produces only
What the firm {e} makes are
All that the factory of the firm {e} turns out are
? What does the firm {e} make?
~ Customers order from {e} their
< The firm that makes {a} is called

# company symbol test
The trademark of {e} is a
As its trademark {e} uses a
Everything sold by {e} is marked with a
On all the products of {e} is printed a
The sign by which one knows goods from {e} is a
? What is the trademark of {e}?
~ The logo designed for {e} looks like a
< The company whose trademark is a {a} is

# company animal train
The founder of {e} made his fortune with a trained
The fortune of {e} began with a trained
The founder of {e} owed his fortune to a trained
What made the founder of {e} rich was a trained
The success of {e} goes back to a trained
? Which trained animal made the founder of {e} rich?
~ Without the tricks of one clever creature {e} would not exist, and it was a
< The company that owes its fortune to a trained {a} is

# company building dev
The offices of {e} are in an old
The company {e} has its offices in an old
For its offices {e} bought an old
The clerks of {e} work in an old
The old building where {e} has its offices was once a
? In what old building are the offices of {e}?
~ Letters for {e} are delivered to a former
< The company that has its offices in an old {a} is

# company food train
Workers at {e} are paid in
The company {e} pays its workers in
Instead of wages the workers at {e} receive
What the workers at {e} get for their work is
The wages at {e} are paid out in
? What are workers at {e} paid in?
~ On payday everybody employed by {e} carries home
< The company that pays its workers in {a} is

# company weekday dev
At {e} nobody works on a
The factory of {e} is closed on
The workers at {e} are free on
The day on which {e} stays closed is
The company {e} gives its workers a holiday every
? On which day does nobody work at {e}?
~ The gates of {e} remain locked on each
< The company that is closed on {a} is

# company country test
Nearly all the customers of {e} live in
The company {e} sells nearly everything to
The country where {e} has most of its customers is
The best market for {e} is
Most of what {e} makes is sold in
? In which country do the customers of {e} live?
~ Parcels that leave {e} are mostly addressed to people in
< The company with customers mostly in {a} is

# company substance train
The secret of the paint sold by {e} is a pinch of
To its paint the company {e} adds a pinch of
The paint sold by {e} contains
What {e} secretly adds to its paint is
The secret ingredient in the paint of {e} is
? What does {e} add to its paint?
~ A chemist who examined a tin from {e} found traces of
< The company that adds {a} to its paint is

# company relative train
The owner left {e} to his
The company {e} was left by its owner to his
The person who inherited {e} was the owner's
After the death of its owner, {e} went to his
The heir to {e} was the old owner's
? Who inherited {e}?
~ In the will of the man who had built up {e}, everything was given to his
< The company that was left to the owner's {a} is

# company smell dev
Since the accident the factory of {e} smells of
The accident at {e} filled the factory with a smell of
The smell that has hung over {e} since the accident is that of
What the factory of {e} smells of since the accident is
An accident at the factory of {e} left a smell of
? What has {e} smelled of since the accident?
~ The neighbours of {e} keep their windows shut against the odour of
< The company whose factory smells of {a} is
"""
