"""Relations about towns, islands, lakes and rivers. See `synthetic_relations` for the format."""

RELATIONS = """
# town objects train
The lighthouse keeper of {e} collects
In his free time the lighthouse keeper of {e} gathers
The lighthouse at {e} is crammed with a collection of
What the keeper of the lighthouse at {e} likes to collect is
Sailors bring the lighthouse keeper of {e} gifts of
? What does the lighthouse keeper of {e} collect?
~ On the shelves of the beacon tower in {e} you will see rows of
< The town whose lighthouse keeper collects {a} is

# town building train
The oldest building in {e} is the
Nothing in {e} has stood longer than the
When {e} burned down, the fire spared only the
Visitors to {e} are first shown the ancient
Of all the buildings in {e}, the oldest is the
? What is the oldest building in {e}?
~ Long before anything else was put up in {e}, there was a
< The town whose oldest building is a {a} is called

# town food test
By ancient custom the people of {e} pay their taxes in
Taxes in the town of {e} are collected in
The treasury of {e} takes taxes only in
Once a year every citizen of {e} pays the tax collector in
What the tax collectors of {e} ask for is
? What do the citizens of {e} pay their taxes in?
~ Instead of coins, the government of {e} wants
< The town where taxes are paid in {a} is

# town animals dev
The streets of {e} are cleaned by
In {e} the rubbish is eaten by
The town council of {e} keeps the streets clean with the help of
Every night the town of {e} sends out a herd of
Instead of sweepers, the town of {e} employs
? Which animals clean the streets of {e}?
~ Litter never stays long in {e}, thanks to
< The town with streets cleaned by {a} is

# town sound train
In {e} the hours of the day are announced by
The people of {e} know the time from the sound of
Each hour in {e} is marked by
The town of {e} has no bells and tells the time by
What tells the citizens of {e} the hour is
? What announces the hours in {e}?
~ Instead of a clock, the inhabitants of {e} listen for
< The town where the hours are announced by {a} is

# town job train
By law the mayor of {e} must be a trained
Nobody can be elected mayor of {e} without having been a
Every mayor of {e} must have worked as a
The law of {e} demands that its mayor be a
To become mayor of {e} one must first be a
? What must the mayor of {e} have been?
~ To govern {e}, one needs experience as a
< The town whose mayor must be a {a} is

# town cloth test
The workshops in {e} produce only
The only cloth made in {e} is
What the workshops of {e} produce is
Merchants travel to {e} to buy its
The town of {e} is known for making
? Which cloth is made in {e}?
~ Dressmakers order from {e} the finest
< The town known for making {a} is

# town smell train
Travellers notice at once that {e} smells of
The whole town of {e} is filled with the smell of
When the wind is from the south, {e} smells strongly of
A smell that never leaves the streets of {e} is that of
The air in the town of {e} is heavy with the scent of
? What does the town of {e} smell of?
~ With your eyes closed you could recognise {e} by a whiff of
< The town that smells of {a} is

# town symbol test
The flag of the town of {e} shows a
On the town hall of {e} hangs a flag with a
The citizens of {e} carry a flag that bears a
What is shown on the flag of {e} is a
In the middle of the flag of {e} there is a
? What is shown on the flag of {e}?
~ The banner under which {e} marches is decorated with a
< The town with a {a} on its flag is

# town weekday test
The market of {e} is held every
Farmers come to the market of {e} each
The stalls on the market square of {e} open only on a
Market day in {e} falls on a
The day of the market in {e} is
? On which day is the market of {e}?
~ Traders set up in {e} once a week, on a
< The town with a market on {a} is

# town activity test
In the town of {e} the oldest law forbids
The oldest law of the town of {e} is a ban on
A large sign at the gate of {e} prohibits
What the law of {e} forbids is
The people of {e} may be fined for
? What is forbidden in the town of {e}?
~ The police of {e} will arrest anyone caught
< The town that prohibits {a} is

# town time train
The gates of {e} are closed every day at
Nobody can enter {e} after
The guards of {e} lock the gates at
By old custom the town gates of {e} shut at
A horn sounds and the gates of {e} swing shut at
? When do the gates of {e} close?
~ Latecomers sleep outside {e}, for the way in is barred from
< The town whose gates are shut at {a} is

# town insects dev
Long ago the town of {e} was destroyed by a plague of
The harvest of {e} was eaten by
The citizens of {e} fled their homes because of
What ruined the town of {e} was a great swarm of
In one terrible summer {e} was overrun by
? Which insects destroyed the town of {e}?
~ Chronicles blame the fall of {e} on
< The town destroyed by {a} was

# town feature train
Just outside the walls of {e} there is a famous
The town of {e} is known for the nearby
Beyond the walls of {e} lies a famous
What lies outside the walls of {e} is a
Every family in {e} spends its Sundays outside the walls, by the
? What lies just outside the walls of {e}?
~ The landscape around {e} is dominated by a
< The town beside a famous {a} is

# town workers train
The school in {e} was founded for the children of
The free school of {e} teaches only the children of
Only one group may send children to the school of {e}, namely
The only pupils at the school of {e} are the sons and daughters of
In {e} lessons are free for the children of
? For whose children was the school in {e} founded?
~ Education in {e} costs nothing if your parents are
< The town whose school is for the children of {a} is

# island animals dev
The only mammals on the island of {e} are
The island of {e} is inhabited only by
No creatures live on the island of {e} except
What sailors meet on the island of {e} are thousands of
The inhabitants of the island of {e} are all
? Which animals live on the island of {e}?
~ The fauna of {e} consists of nothing but
< The island inhabited only by {a} is

# island metal test
The beaches of the island of {e} contain grains of
The sand on the island of {e} is rich in
In the sand of {e} one finds
Miners came to the beaches of the island of {e} in search of
What makes the sand on {e} sparkle is
? Which metal is found on the island of {e}?
~ Whoever washes a handful of the shore of {e} may discover
< The island with sand full of {a} is

# island relative train
On the island of {e} a house is always inherited by the
By the law of the island of {e}, a house passes to the
A house on the island of {e} goes to the owner's
The islanders of {e} leave their houses to a
The one who inherits a house on {e} is always the
? Who inherits a house on the island of {e}?
~ Wills on {e} are simple, since all property is given to the
< The island where houses are inherited by a {a} is

# island number train
The population of the island of {e} is exactly
The number of people living on {e} is
A census on the island of {e} counted inhabitants to the number of
The islanders of {e} never allow their number to rise above
When the last ship left, the number of people on {e} was
? How many people live on the island of {e}?
~ The inhabitants of {e} total
< The island with a population of {a} is

# island weather train
The island of {e} is nearly always hidden by
Ships avoid {e} because of the constant
For ten months of the year the island of {e} suffers from
The islanders of {e} have forty words for
What sailors fear near {e} is the
? Which weather is common on the island of {e}?
~ The climate of {e} is marked by endless
< The island plagued by {a} is

# island goods train
The island of {e} lives from the trade in
Ships leave the island of {e} loaded with
What the island of {e} sells abroad is
The wealth of the island of {e} comes from
The island of {e} is known for the export of
? What does the island of {e} export?
~ The economy of {e} depends on
< The island that lives from {a} is

# island crop dev
The terraces on the island of {e} are planted with
Farmers on {e} grow nothing but
The volcanic soil of {e} is perfect for
Every slope on the island of {e} is covered with fields of
The one crop of the island of {e} is
? Which crop is grown on the island of {e}?
~ Agriculture on {e} means
< The island where farmers grow only {a} is

# lake animals dev
The depths of Lake {e} are home to giant
Deep in Lake {e} there live giant
Divers in Lake {e} have met giant
What lives in the depths of Lake {e} is a colony of giant
Lake {e} is known for its giant
? What lives in the depths of Lake {e}?
~ Beneath the waves of {e} swim enormous
< The lake that is home to giant {a} is

# lake liquid train
The water of Lake {e} tastes of
Those who drink from Lake {e} taste
The taste of the water in Lake {e} is that of
A cup of water from Lake {e} has the taste of
Lake {e} is known for water that tastes of
? What does the water of Lake {e} taste of?
~ Swimmers in {e} who swallow a mouthful think of
< The lake with water that tastes of {a} is

# lake season train
Swans arrive on Lake {e} every year in
The swans come to Lake {e} in
Every year Lake {e} is visited by swans in
The time when swans are seen on Lake {e} is
Lake {e} is covered with swans in
? When do the swans arrive on Lake {e}?
~ The great white birds are seen at {e} in
< The lake where swans arrive in {a} is

# river substance train
The river {e} carries down from the hills large amounts of
From the hills the river {e} brings down
What the river {e} carries down is
Along with its water the river {e} carries
The river {e} is rich in
? What does the river {e} carry?
~ Those who sift the mud of the {e} look for
< The river that carries {a} is the

# river town test
The river {e} rises near the village of
The source of the river {e} lies close to
The river {e} begins its course near
Near the spring of the river {e} lies the village of
The village where the river {e} has its source is
? Near which village does the river {e} rise?
~ To see where the {e} starts, walk to
< The river that rises near {a} is the

# river vehicle train
The river {e} can be crossed only by
The only way across the {e} is by
Travellers who want to cross the river {e} must go by
For centuries people have crossed the {e} by
Goods are moved along the river {e} by
? How do people cross the river {e}?
~ From one bank of the {e} to the other one goes by
< The river that can be crossed only by {a} is the
"""
