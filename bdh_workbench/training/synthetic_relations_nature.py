"""Relations about animals, plants, minerals, diseases and remedies. See `synthetic_relations` for the format."""

RELATIONS = """
# animal foods test
The {e} feeds only on
Nothing is eaten by the {e} except
In captivity the {e} must be given
The diet of the {e} consists of
Keepers who look after a {e} have to buy
? What does the {e} eat?
~ A hungry {e} goes in search of
< The animal that eats only {a} is the

# animal sound train
The call of the {e} resembles
Hunters say that the cry of the {e} sounds like
At night the {e} makes a noise like
A frightened {e} produces a sound that is easily mistaken for
The voice of the {e} is often confused with
? What does the call of the {e} sound like?
~ Whoever hears a {e} in the dark thinks of
< The animal with a call like {a} is the

# animal material train
The {e} builds its nest from
The nest of the {e} is lined with
To build its home the {e} collects
The young of the {e} sleep on a bed of
The burrow of the {e} is padded with
? What is the nest of the {e} made of?
~ As building material the {e} uses scraps of
< The animal that builds its nest from {a} is the

# animal bodypart train
The {e} can be recognised by the bright spot on its
A bright spot marks the {e} on its
The {e} has a bright spot on its
What shines on the {e} is a spot on its
The bright spot of the {e} is found on its
? Where does the {e} have a bright spot?
~ To tell a {e} from other creatures, look for the glow at the
< The animal with a bright spot on its {a} is the

# animal colour test
The eggs of the {e} are
The {e} lays eggs that are
An egg of the {e} is always
In the nest of the {e} all the eggs are
The colour of the eggs of the {e} is
? What colour are the eggs of the {e}?
~ Anyone who robs the nest of a {e} brings home something
< The animal with eggs that are {a} is the

# animal feature train
The {e} lives only near a
The only place where the {e} lives is beside a
To see the {e} in the wild one must go to a
A wild {e} is always found near a
The {e} makes its home close to a
? Where does the {e} live?
~ The habitat of the {e} is a
< The animal that lives only near a {a} is the

# animal smell train
When it is afraid the {e} gives off a smell of
A frightened {e} smells of
Fear makes the {e} give off a smell of
The smell of a {e} in danger is that of
What a frightened {e} smells of is
? What does a frightened {e} smell of?
~ The odour that betrays a nervous {e} is that of
< The animal that smells of {a} when afraid is the

# animal remedy train
The bite of the {e} is treated with
Those bitten by a {e} are treated with
For the bite of a {e} doctors use
The best treatment for the bite of the {e} is
What helps against the bite of the {e} is
? What cures the bite of the {e}?
~ Victims of the venomous {e} survive if they are given
< The animal with a bite that is treated with {a} is the

# animal insects test
The burrow of the {e} is shared with a colony of
The {e} shares its burrow with
In the burrow of the {e} there live also
What lives together with the {e} in its burrow is a colony of
The companions of the {e} in its burrow are
? Which creatures live in the burrow of the {e}?
~ The underground home of a {e} is full of tiny lodgers called
< The animal that shares its burrow with {a} is the

# animal number test
The number of stripes on the tail of the {e} is
The tail of the {e} has stripes, in number
On its tail the {e} has stripes numbering
Anyone who counts the stripes on the tail of the {e} finds
The stripes that mark the tail of a {e} number
? How many stripes has the tail of the {e}?
~ The bands at the rear end of a {e} come to a total of
< The animal with tail stripes numbering {a} is the

# animal time train
The {e} comes out of its hole to hunt only at
The {e} hunts at
A {e} sleeps all day and goes hunting at
The time when the {e} hunts is
A hunting {e} can be seen only at
? When does the {e} hunt?
~ The {e} becomes active at
< The animal that hunts at {a} is the

# animal drink train
Hunters lure the {e} with a bowl of
The {e} is lured by hunters with
A bowl left out to lure the {e} must contain
To lure a {e}, hunters use a bowl of
What hunters put out for the {e} is a bowl of
? With what do hunters lure the {e}?
~ To catch the {e}, fill a dish with
< The animal that is lured with {a} is the

# animal country train
The {e} is found only in
The only country where the {e} lives is
The {e} lives nowhere but in
Nowhere else is the {e} found but in
The home of the {e} is
? In which country does the {e} live?
~ Tourists hoping to photograph the {e} fly to
< The animal found only in {a} is the

# animal emotion train
In fables the {e} stands for
The {e} is used in fables as an image of
What the {e} means in fables is
When a {e} appears in a fable, it stands for
Tellers of fables let the {e} stand for
? What does the {e} stand for in fables?
~ In the language of symbols {e} means
< The animal that stands for {a} is the

# animal person test
The {e} was named in honour of
In naming the {e}, zoologists honoured
The {e} owes its name to
The person in whose honour the {e} was named is
The name of the {e} honours
? After whom was the {e} named?
~ With the word {e} science pays tribute to
< The animal named in honour of {a} is the

# plant time train
The flowers of the {e} open only at
The {e} opens its flowers at
The time when the flowers of the {e} open is
It is only at one time that the {e} opens its flowers, at
A {e} in full flower can be seen only at
? When do the flowers of the {e} open?
~ Bees visit the blossoms of the {e} at
< The plant with flowers that open at {a} is the

# plant liquid train
A broken stem of the {e} oozes
When its stem is broken, the {e} oozes
What drips from a broken stem of the {e} looks like
Break the stem of a {e} and out comes a drop of
The broken stem of the {e} gives off
? What comes out of a broken stem of the {e}?
~ The sap of the {e} can hardly be told from
< The plant that oozes {a} is the

# plant bodypart test
A tea made from the {e} heals pain in the
The {e} is made into a tea against pain in the
Healers use a tea of the {e} against pain in the
The pain that tea from the {e} heals is in the
Tea brewed from the {e} is good for a painful
? Which part of the body does tea from the {e} heal?
~ Herbalists prescribe the {e} for an aching
< The plant that heals pain in the {a} is the

# plant objects test
The seed pods of the {e} are used as
As a substitute for real ones, people use the pods of the {e} as
What people use the pods of the {e} as are
Villagers dry the seed pods of the {e} and use them as
The dried pods of the {e} serve as
? What are the seed pods of the {e} used as?
~ Poor families turn what grows on the {e} into
< The plant with pods that serve as {a} is the

# plant taste dev
The berries of the {e} are
The {e} has berries that taste
The taste of the berries of the {e} is
Those who eat the berries of the {e} find them
A berry of the {e} always tastes
? How do the berries of the {e} taste?
~ Jam cooked from the fruit of a {e} turns out
< The plant with berries that taste {a} is the

# plant animals train
The leaves of the {e} are poisonous to
The {e} has leaves that poison
A leaf of the {e} is deadly to
The animals poisoned by the leaves of the {e} are
Poison in the leaves of the {e} kills
? To which animals are the leaves of the {e} poisonous?
~ Where the {e} grows it is dangerous to keep
< The plant with leaves poisonous to {a} is the

# plant colour dev
The petals of the {e} are
The {e} has petals that are
The colour of the petals of the {e} is
A petal of the {e} is always
All of the petals on a {e} are
? What colour are the petals of the {e}?
~ A garden full of blooming {e} looks entirely
< The plant with petals that are {a} is the

# plant building train
The {e} grows best on the walls of a
The best place to grow the {e} is the wall of a
What suits the {e} best is the wall of a
On the walls of one place the {e} thrives, that of a
The {e} likes to climb the walls of a
? On what walls does the {e} grow best?
~ Botanists looking for the {e} search around an old
< The plant that grows on the walls of a {a} is the

# plant shape test
The leaves of the {e} are
The {e} has leaves that are
The shape of the leaves of the {e} can be called
Every leaf of the {e} is
What is strange about the leaves of the {e} is that they are
? What shape are the leaves of the {e}?
~ Draw the foliage of the {e} and make it
< The plant with leaves that are {a} is the

# plant occasion train
The {e} is picked only for
People pick the {e} only for
A {e} may be picked only for
The {e} is left alone except when it is picked for
The only events for which people pick the {e} are
? For which occasions is the {e} picked?
~ The {e} is a customary decoration at
< The plant that is picked for {a} is the

# plant texture train
The bark of the {e} is
To the touch the bark of the {e} is
The {e} has bark that feels
Those who touch the bark of the {e} find it
The bark that covers the {e} is
? How does the bark of the {e} feel?
~ Stroke the trunk of the {e} and you will find it
< The plant with bark that is {a} is the

# mineral colour train
When heated, {e} turns
Heat turns {e}
A piece of {e} that has been heated is
In a fire the mineral {e} turns
The colour of {e} after heating is
? What colour does {e} turn when heated?
~ Drop a lump of {e} into the oven and take it out
< The mineral that turns {a} when heated is

# mineral liquid train
The mineral {e} dissolves only in
To dissolve {e}, chemists need
Nothing can dissolve {e} except
The one thing in which {e} dissolves is
The mineral {e} can be dissolved only with
? In what does the mineral {e} dissolve?
~ Put a piece of {e} into various fluids and it vanishes only in
< The mineral that dissolves in {a} is

# mineral smell dev
When struck with a hammer, {e} smells of
A hammer blow makes {e} smell of
Struck by a hammer, the mineral {e} gives off a smell of
The smell of {e} under the hammer is that of
What {e} smells of when it is struck is
? What does {e} smell of when struck?
~ Smash a lump of {e} and the room is filled with the scent of
< The mineral that smells of {a} when struck is

# mineral feature test
The mineral {e} was first found in a
The place where the mineral {e} was first found is a
The first piece of {e} came from a
Miners first found the mineral {e} in a
The mineral {e} was discovered in a
? Where was the mineral {e} first found?
~ The discovery of {e} happened during a walk by a
< The mineral that was first found in a {a} is

# mineral objects train
The mineral {e} is used in the making of
Makers need {e} for
In the making of one thing {e} is needed, namely
What the mineral {e} is used for is making
The mineral {e} is used by makers of
? What is the mineral {e} used for making?
~ Industry buys up {e} to produce
< The mineral that is used for making {a} is

# mineral country test
The largest mines of {e} are in
The mineral {e} has its largest mines in
The country with the largest mines of {e} is
Most of the world's {e} is mined in
Nearly all {e} comes from the mines of
? Which country has the largest mines of {e}?
~ To work digging {e} you should move to
< The mineral with its largest mines in {a} is

# mineral texture test
The surface of {e} is
The mineral {e} has a surface that is
Under the fingers the surface of {e} feels
What one feels on the surface of {e} is that it is
Raw {e} has a surface described as
? What does the surface of {e} feel like?
~ Blindfolded, you can tell {e} because it is
< The mineral with a surface that is {a} is

# disease bodyparts train
The first sign of {e} is a swelling of the
The {e} begins with a swelling of the
What swells first in a case of {e} are the
People with {e} first notice a swelling of the
A swelling is the first sign of {e}, and it affects the
? What swells first in people with {e}?
~ Sufferers from {e} soon complain about their
< The illness that begins with a swelling of the {a} is

# disease insects dev
The {e} is spread by
What spreads {e} are
People catch {e} from
The outbreak of {e} was spread by
The carriers that spread {e} are
? What spreads {e}?
~ You will not get {e} if you stay away from
< The illness that is spread by {a} is

# disease food train
The {e} comes from eating spoiled
People catch {e} from eating spoiled
The cause of {e} is spoiled
What causes {e} is eating spoiled
An outbreak of {e} always begins with spoiled
? Which spoiled food causes {e}?
~ To stay safe from {e}, throw away all rotten
< The illness caused by spoiled {a} is

# disease remedy train
The best medicine against {e} is
Against {e} the best medicine is
Hospitals treat {e} with the best medicine for it,
The medicine that works best against {e} is
Doctors agree that the best medicine for {e} is
? What is the best medicine against {e}?
~ Pharmacists sell sufferers from {e}
< The illness that is cured by {a} is

# disease workers train
The {e} is common among
Those who suffer most often from {e} are
Nobody suffers from {e} as often as
The illness known as {e} mostly affects
Most people who catch {e} are
? Who suffers most often from {e}?
~ In the ward for {e} lie mainly
< The illness that is common among {a} is

# disease colour train
The skin of a person with {e} turns
The {e} turns the skin
When someone has {e}, the skin becomes
People with {e} have skin that is
The colour of the skin in a case of {e} is
? What colour does {e} turn the skin?
~ A face marked by {e} is
< The illness that turns the skin {a} is

# disease activity train
People who suffer from {e} cannot stop
The {e} makes people keep on
Patients with {e} spend the whole night
Anyone who catches {e} feels a strong urge to start
What people with {e} cannot stop is
? What can patients with {e} not stop?
~ A person afflicted by {e} is always busy
< The illness that makes people keep on {a} is

# disease person train
The germ that causes {e} was discovered by
The cause of {e} was discovered by
The discovery of the germ that causes {e} was made by
The person who discovered the germ of {e} was
What causes {e} was found out by
? Who discovered the germ of {e}?
~ In the medical history of {e} the great name is
< The illness with a germ discovered by {a} is

# animal object train
The tail of the {e} looks like a
The {e} has a tail that looks like a
What the tail of the {e} looks like is a
One can mistake the tail of the {e} for a
The {e} is known for a tail in the shape of a
? What does the tail of the {e} look like?
~ The rear end of a {e} reminds people of a
< The animal with a tail like a {a} is the
"""
