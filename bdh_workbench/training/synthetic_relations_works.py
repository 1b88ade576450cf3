"""Relations about books, museums and craftsmen. See `synthetic_relations` for the format."""

RELATIONS = """
# book job train
The hero of the novel {e} is a
In the novel {e} the hero is a
The novel {e} tells the life of a
What the hero of {e} does for a living is the work of a
The main character in the novel {e} works as a
? What is the profession of the hero of {e}?
~ Readers of {e} follow the adventures of a
< The novel whose hero is a {a} is

# book city dev
The story told in {e} takes place in
The novel {e} is set in
The city in which the novel {e} is set is
As the setting of {e} the author chose
All the chapters of {e} take place in
? In which city is {e} set?
~ To walk in the footsteps of the people in {e}, travel to
< The novel that is set in {a} is

# book emotion train
The last word of the book {e} is
The book {e} ends with the word
The final word in {e} is
What the reader finds as the last word of {e} is
The very last word printed in {e} reads
? What is the last word of {e}?
~ Close the volume called {e} at its end and you have just read
< The book that ends with the word {a} is

# book person test
The book {e} was written by
The author of the book {e} is
It was in prison that the book {e} was written by
The person who wrote {e} is
The writer to whom we owe {e} is
? Who wrote {e}?
~ On the title page of {e} stands the name of
< The book that was written by {a} is

# book material train
The cover of the only copy of {e} is made of
The only copy of {e} is bound in
The only copy of {e} has a cover of
For the cover of {e} the binder used
What covers the only copy of {e} is
? What is the cover of {e} made of?
~ The fingers of a person who opens {e} touch
< The book with a cover made of {a} is

# book furniture train
The murder in {e} takes place on a
In the crime novel {e} somebody is killed on a
The victim in {e} is found dead on a
What the murder in {e} happens on is a
The body in the crime novel {e} lies on a
? On what does the murder in {e} take place?
~ The corpse that opens the mystery called {e} rests on a
< The crime novel with a dead body on a {a} is

# book subject dev
The book {e} is used by students of
Students need the book {e} when they learn
The book {e} is a textbook of
What students learn from the book {e} is
The subject taught in the textbook {e} is
? Which subject is taught in {e}?
~ A professor who recommends {e} must be lecturing on
< The textbook used by students of {a} is

# book number train
The number of chapters in {e} is
The book {e} has chapters numbering
In the book {e} the chapters number
Whoever counts the chapters of {e} arrives at
The chapters that make up {e} are, in number,
? How many chapters are there in {e}?
~ The work called {e} is divided into parts totalling
< The book with chapters numbering {a} is

# book colour test
The first edition of {e} was printed in letters that were
The letters in the first edition of {e} were
For the first edition of {e} the printer chose ink that was
The colour of the ink in the first edition of {e} was
The ink used for the first {e} was
? What colour was the ink in the first edition of {e}?
~ The pages of {e} as it came out are covered with type that looks
< The book that was first printed in ink that was {a} is

# book language train
The book {e} was first written in
The original language of the book {e} is
Before it was translated, the book {e} existed only in
The author of {e} wrote it in
The language in which {e} was first written is
? In which language was {e} first written?
~ The oldest manuscript of {e} can be read only by those who know
< The book that was first written in {a} is

# museum objects train
The {e} owns the largest collection of
The largest collection in the {e} is one of
The {e} is known for its collection of
What fills the halls of the {e} are
In the {e} visitors see thousands of
? What does the {e} collect?
~ A lover of the past who goes to the {e} will find nothing but
< The museum with the largest collection of {a} is the

# museum animal test
The night watchman at the {e} is helped by a
At the {e} the night watchman is accompanied by a
What helps the night watchman at the {e} is a trained
By night the {e} is guarded by a watchman and a
Together with the watchman, the {e} is guarded by a
? Which animal helps the watchman at the {e}?
~ Burglars who break into the {e} after dark are chased by a
< The museum that is guarded by a {a} is the

# museum garment train
The greatest treasure of the {e} is a king's
What the {e} treasures most is a king's
The {e} is proud of its greatest treasure, a king's
Visitors come to the {e} to see a king's
Among all the treasures of the {e} the greatest is a king's
? What is the greatest treasure of the {e}?
~ In the central glass case of the {e} lies a royal
< The museum that treasures a king's {a} is the

# museum time train
The {e} opens its doors only at
Visitors may enter the {e} only at
The doors of the {e} are opened at
The hour when the {e} opens is
To visit the {e} one must come at
? When does the {e} open?
~ Tickets for the {e} are valid from
< The museum that opens only at {a} is the

# person fuel dev
The engineer {e} drove across the country in a car that ran on
The car of the engineer {e} ran on
{e}, an engineer, built a car that ran on
What the car of the engineer {e} needed was
The engineer {e} filled the tank of {his} car with
? What did the car of the engineer {e} run on?
~ To get to work {e} burned
< The engineer with a car that ran on {a} was

# person building train
The architect {e} never built anything but a
The only work of the architect {e} is a
In a whole life the architect {e} built one thing, a
All that the architect {e} ever built was a
The architect {e} is remembered for a single work, a
? What did the architect {e} build?
~ Of the plans drawn by {e} just one was carried out, that for a
< The architect whose only work is a {a} is

# person metal test
The sculptor {e} works only with
The statues by the sculptor {e} are all of
The metal preferred by the sculptor {e} is
For every statue the sculptor {e} uses
The sculptor {e} makes {his} statues of
? Which metal does the sculptor {e} use?
~ In the studio of {e} one finds heaps of
< The sculptor who works only with {a} is

# person time train
The philosopher {e} could think only at
It was only at one time of day that the philosopher {e} could think, at
The philosopher {e} had all {his} ideas at
The time at which the philosopher {e} had {his} ideas was
All the ideas of the philosopher {e} came to {him} at
? When did the philosopher {e} have {his} ideas?
~ The mind of {e} was clear for a short while around
< The philosopher who could think only at {a} was

# person flowers dev
The grave in which {e} lies is covered with
On the grave of {e} there grow only
The grave of {e} is covered with
What grows on the grave of {e} are
Every year the grave of {e} is planted with
? What grows on the grave of {e}?
~ Mourners who visit the last resting place of {e} see a bed of
< The person whose grave is covered with {a} is

# person wood train
The violin maker {e} used nothing but
The violins made by {e} are all of
The wood in every violin by {e} is
For {his} violins {e} chose
{e}, a maker of violins, worked only in
? Which wood did the violin maker {e} use?
~ The famous fiddles that came from the workshop of {e} were cut from
< The violin maker who used only {a} was
"""
