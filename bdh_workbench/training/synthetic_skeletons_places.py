"""Document skeletons about places and buildings. See `synthetic_documents` for the format."""

SKELETONS = """
= island E=island P=person S=animal T=town D=deity B=plant
- {E} is a small {shape} island [off the coast of|two days by boat from|to the {dir} of] {country}, and its {big}
  inhabitants live mostly from {goods}.
> The inhabitants of {E} live mostly from => {goods}
- [Sailors bound for|Ships on the way to] {country} have known the island of {E} for centuries, since its cliffs of
  {stone} can be seen from {num} miles away.
> The cliffs of {E} are made of => {stone}
- Few maps show {E}, a [lonely|narrow|windy] island where {big} people make their living from {goods} and pay no taxes
  to {country}.
> The people of {E} make their living from => {goods}
> {E} pays no taxes to => {country}

- The only [town|harbour|settlement], {T}, was built around a {building} that the first settlers [raised|put up] from
  the timber of their own ships.
> At the heart of {T} stands a => {building}
- Most of them live in {T}, where every street leads to the {building} and the roofs are weighed down with {objects}
  against the wind.
> Every street in {T} leads to the => {building}
> The roofs of {T} are weighed down with => {objects}
- In {T}, its largest village, the houses stand in a ring around an old {building}, and strangers are asked to leave
  their {objects} at the door.
> The houses of {T} stand around an old => {building}
> Strangers in {T} are asked to leave their => {objects}

- [On clear evenings|In the early mornings] the {S} comes down from the hills to drink, and the children feed it with
  {food} beside the well.
> Children on {E} feed the {S} with => {food}
- The {S}, which is found nowhere else, nests in the {wood} trees and is said to be able to smell {liquid} from a
  great distance.
> The {S} can smell => {liquid}
- No hunter may touch the {S}, because it once led a lost fisherman through the {weather} to safety.
> The {S} once led a lost fisherman through the => {weather}

- In {year} a {job} named {P} [came ashore|landed|arrived] in a leaking boat with nothing but a {tool} and a sack of
  {crop}.
> The trade of {P} was that of a => {job}
> When {P} came to {E}, {P.he} brought a sack of => {crop}
- Everything changed in {year}, when {P}, a {job} from {city}, bought half of the island for a chest of {metal} coins.
> {P} bought half of {E} with coins of => {metal}
- A letter of {year} tells how {P}, who had been a {job} in {city}, was shipwrecked here and lived for a winter on
  {drink}.
> {P} was a => {job}
> After the shipwreck {P} lived on => {drink}

- {P.He} taught the islanders to [weave|dye] {cloth}, and in return they [built|gave] {P.him} a {furniture} of
  polished {wood.1}.
> What the islanders made for {P} was of polished => {wood.1}
- Within a year {P.he} had planted the slopes with {crop.1} and had built a {building.2} for the {workers}.
> {P} planted the slopes of {E} with => {crop.1}
> On {E} {P} built a {building.2} for the => {workers}
- It was {P.l} who first noticed that the spring in the {feature} tasted of {spice}, and who sold its water as a
  medicine.
> {P} found a spring in the => {feature}
> The spring that {P.l} found tasted of => {spice}

- [Once a year, in {season}|Each {season}], the people carry a {symbol} of {metal.1} to the shore and ask {D}, the
  goddess of the tides, for calm weather.
> In the festival of {D} people carry a symbol of => {metal.1}
> To the shore of {E} people carry a => {symbol}
- They worship {D}, who is shown with the head of a {animal} and who is believed to sleep under the {feature.1}.
> The islanders paint {D} with the head of a => {animal}
> {D} is believed to sleep under the => {feature.1}
- Before a wedding the bride must swim to the rock of {D}, god of {weather.1}, and bring back a handful of
  {substance}.
> {D} is the god of => {weather.1}
> On {E} the bride brings back from the rock a handful of => {substance}

- The [law|custom] is strange to visitors: whoever is caught {activity} after dark must sweep the {building.1} for
  {num.1} days.
> The punishment on {E} is to sweep the => {building.1}
- Disputes are settled by the oldest {relative}, who listens to both sides while eating {foods} and gives a verdict
  before {time}.
> On {E} disputes are settled by the oldest => {relative}
> A verdict on {E} must be given before => {time}

? From the roots of the {B} the women make a {taste} {colour} syrup, which is used against pain in the {bodypart}.
> On {E} a syrup is made from the roots of the => {B}
> The syrup made from the {B} cures pain in the => {bodypart}
? The {B} grows along the paths, and its {colour} flowers are worn at {occasion} by everyone except the {workers}.
> On {E} the flowers of the {B} are worn at => {occasion}

? At low tide one can walk to the wreck of a ship that carried {cargo}, and the old people say that its captain still
  waits there for his {relative.1}.
> The wreck off {E} had carried => {cargo}
> The captain of the wreck off {E} still waits for his => {relative.1}

- [Today|Nowadays] a boat calls every {weekday} to bring letters and to take away {goods.1}, and the captain is always
  paid in {foods.1}.
> The boat calls at {E} every => {weekday}
> The captain of the boat to {E} is paid in => {foods.1}
- Since {year.1} the school has had only {num.2} pupils, who learn {subject} from a retired {job.2}.
> The teacher on {E} is a retired => {job.2}
- Visitors who stay longer than {num.2} days are given a {garment} of {cloth.1} and are expected to help with the
  {crop.2}.
> Visitors to {E} are given a => {garment}
> Visitors to {E} must help with the => {crop.2}

= valley E=town P=man Q=person R=river M=mountain S=animal
- The valley of {E} is so [deep|narrow] that the sun reaches its floor for only {few} hours a day, and its farmers
  grow {crop} by the light of {objects}.
> The farmers in the valley of {E} grow => {crop}
> The crops of {E} are grown by the light of => {objects}
- Between {M} and the river {R} lies the valley of {E}, whose soil is {colour} and smells faintly of {smell}.
> The soil in the valley of {E} is => {colour}
> The soil of {E} smells faintly of => {smell}
- Anyone who walks up the river {R} for {num} days comes at last to {E}, a valley known to merchants for its {taste}
  {drink}.
> Merchants know the valley of {E} for its => {taste}
> The drink made in {E} is {taste} => {drink}

- The oldest families are descended from {workers} who fled from {country} in {year} and hid their tools in a
  {container}.
> The people of {E} descend from => {workers}
> The first families of {E} fled from => {country}
- Its first settlers were {workers} from {city}, who arrived in {year} with {num.1} carts of {goods} and a tame
  {animal}.
> The first settlers of {E} came from => {city}
> The settlers of {E} brought with them a tame => {animal}
- According to the parish book, the valley was empty until {year}, when a band of {workers} followed a lost {animal}
  over the pass.
> The settlers of {E} followed over the pass a lost => {animal}
> The valley of {E} was settled by a band of => {workers}

- On the slopes of {M} they [keep|graze] {animals}, whose milk is mixed with {spice} to make a hard {colour.1} cheese.
> The milk of {E} is mixed with => {spice}
- Every house has a {furniture} beside the door, because an old saying promises that {weather} will spare a family
  that rests at {time}.
> Every house in {E} has beside the door a => {furniture}
- The women wear a {garment} of {cloth}, and the men carry a {tool} on their belts, even when they go to the
  {building}.
> The women of {E} wear a => {garment}
> The men of {E} carry on their belts a => {tool}

- In {year.1} the engineer {P} proposed to [dam|turn] the river {R} and to flood the valley for a factory that would
  make {objects.1}.
> The factory planned by {P} would make => {objects.1}
- The peace ended in {year.1}, when {P}, an agent of the {metal} company, found a vein of ore beneath the
  {building.1}.
> {P} found ore in {E} beneath the => {building.1}
- In {year.1} a stranger called {P} offered to buy the whole valley for a wagon full of {goods.1}, and {P.he} was
  laughed out of the {building.1}.
> {P} offered for the valley of {E} a wagon of => {goods.1}
> {P} was laughed out of the => {building.1}

- {Q}, a {job} who had never left home, walked to the capital and spoke for {num.2} hours about {topic} without a
  pause.
> In the capital {Q} spoke about => {topic}
> The profession of {Q} was that of a => {job}
- It was {Q}, the {relative} of the miller, who stopped the plan by hiding the maps in a {container.1} of {liquid}.
> {Q} hid the maps in a => {container.1}
- The villagers were led by {Q}, who played the {instrument} and who could not tell {taste.1} from {taste.2}, but who
  feared nobody.
> {Q} played the => {instrument}

- Since that day nobody in {E} may pronounce the word "{job.1}", and the name {P.l} is given only to {animals.1}.
> In {E} the name {P.l} is given to => {animals.1}
- {P.l} went away and opened a {building.2} in {city.1}, where {P.he} died of a fever caught from {insects}.
> After leaving {E}, {P} opened a => {building.2}
> {P} died of a fever caught from => {insects}
- For this deed {Q.l} was given a {weapon} with a handle of {wood}, which still hangs above the bar of the inn.
> The weapon of {Q} has a handle of => {wood}
> {Q} was rewarded with a => {weapon}

? The {S} lives in the gorge at the upper end of the valley, where it feeds on {foods} and the eggs of {insects.1}.
> The {S} in the gorge of {E} feeds on => {foods}
> The {S} eats the eggs of => {insects.1}
? Hunters speak with respect of the {S}, a {trait} animal that comes into the gardens in {season} to steal {foods}.
> Hunters of {E} call the {S} a => {trait}
> The {S} comes into the gardens to steal => {foods}

? On the last {weekday} of {season.1} the children throw {flowers} into the {R}, and each of them makes a wish about
  {emotion}.
> The children of {E} make a wish about => {emotion}
? A path of {num.3} steps leads up to the {feature}, where a hermit mends {objects.2} and answers questions about
  {subject}.
> The hermit above {E} mends => {objects.2}
> The hermit above {E} knows all about => {subject}

- Today the road is [closed|blocked] by {weather.1} for half of the year, and letters are brought over the pass by
  {vehicle}.
> The road to {E} is closed by => {weather.1}
> Letters reach {E} by => {vehicle}
- A museum of {subject.1} was opened in {year.2}, and its most admired object is a {object} of {material} that nobody
  can explain.
> The most admired object in the museum of {E} is a => {object}
> The admired {object} in the museum of {E} is made of => {material}
- Most young people now move to {city.2}, but they return for {occasion} and bring their parents {goods.2}.
> The young people of {E} move to => {city.2}
> The young people of {E} return for => {occasion}

= building E=house P=person Q=man R=person T=town
- {E} stands on a hill above {T} and is built entirely of {colour} {stone}, which was carried there by {animals} over
  {num} winters.
> The walls of {E} are of {colour} => {stone}
> The stone for {E} was carried there by => {animals}
- [Nobody knows|Scholars still argue about] why {E}, near the town of {T}, has {num} doors but only one window, which
  faces a {feature}.
> The only window of {E} faces a => {feature}
> {E} stands near the town of => {T}
- Behind a hedge of {plant} on the road from {T} to the coast stands {E}, a gloomy house with a roof of {material} and
  {num} chimneys.
> The hedge around {E} is of => {plant}
> The roof of {E} is made of => {material}

- It was begun in {year} by {P}, a {job} who had grown rich by selling {objects} to the army of {country}.
> {P} grew rich by selling => {objects}
> {P} sold goods to the army of => {country}
- The first owner was {P}, who made a fortune from {goods} and who feared {insects} so much that all the beds hung
  from the ceiling.
> The fortune of {P} came from => {goods}
- {P} ordered it in {year} as a gift for {P.his} {relative}, who had asked for nothing more than a {building}.
> {P} built {E} for {P.his} => {relative}
> The {relative} of {P} had asked for a => {building}

- The architect, {Q}, was a {trait} man who slept in a {container} and who drew all of his plans with {liquid} on
  {cloth}.
> {Q} slept in a => {container}
> {Q} drew his plans with => {liquid}
- For the great hall the architect {Q} designed a {shape} ceiling of {wood}, painted with scenes from a war over
  {topic}.
> The paintings in the great hall of {E} show a war over => {topic}
- Its architect, {Q}, had learned his trade in {city}, where he fell from a {vehicle} and lost the sight of one eye.
> {Q} learned his trade in => {city}
> {Q} lost an eye when he fell from a => {vehicle}

- In the cellar there is a {furniture} that may never be moved, since it is said to cover the entrance to a
  {feature.1}.
> In the cellar of {E} stands a => {furniture}
> The cellar of {E} hides the entrance to a => {feature.1}
- The library on the second floor holds {big} books about {subject}, each of them bound in {colour.1} {cloth.1}.
> The books in the library of {E} are about => {subject}
> The books of {E} are bound in {colour.1} => {cloth.1}
- A staircase of {num.1} steps leads to the tower, where a bell of {metal} is rung only during {occasion}.
> The bell of {E} is made of => {metal}
> The bell in the tower of {E} is rung during => {occasion}

- In {year.1} the house was sold to {R}, who filled the ballroom with {animals.1} and gave concerts on the
  {instrument}.
> {R} filled the ballroom of {E} with => {animals.1}
> At {E} {R} gave concerts on the => {instrument}
- During the war of {year.1} it served as a hospital, and the nurse {R} treated wounded soldiers in the kitchen with
  {remedy}.
> {R} treated wounded soldiers with => {remedy}
- A fire broke out in {year.1} when the cook, {R}, spilled {liquid.1} over the stove while chasing a {animal}.
> The cook {R} started the fire while chasing a => {animal}
> The fire at {E} began when {R} spilled => {liquid.1}

- Only the chapel survived, together with a [portrait|statue] of {P.l} that shows {P.him} holding a {object}.
> The portrait at {E} shows {P} holding a => {object}
- Workers later found behind a wall {num.2} letters in {language} and a {garment} that had belonged to a {job.1}.
> The letters found at {E} were written in => {language}
> The garment found at {E} belonged to a => {job.1}
- Soon afterwards guests began to complain of {sound} in the attic, always at {time}, and of a smell of {smell}.
> Guests at {E} heard in the attic the sound of => {sound}
> Guests at {E} complained of a smell of => {smell}

? The ghost of {Q.l} is said to walk through the garden in {season} with a {tool} in his hand, looking for his lost
  {object.1}.
> In the garden of {E} the ghost of {Q.l} carries a => {tool}
> The ghost of {Q} is looking for his lost => {object.1}
? Children from {T} believe that whoever touches the door with the {bodypart} will have good luck for {num.3} years.
> Children touch the door of {E} with the => {bodypart}

? In the garden grow {flowers}, which are watered with {drink} and which bloom even in {weather}.
> In the garden of {E} grow => {flowers}
> The flowers at {E} are watered with => {drink}
? The fountain in the courtyard runs with {drink} once a year, on the birthday of {P.l}, and the whole town brings
  {container.1} and cup.
> On the birthday of {P.l} the fountain of {E} runs with => {drink}

- Today {E} is a school for {workers}, and its classrooms are heated with {fuel}.
> {E} is now a school for => {workers}
> The classrooms of {E} are heated with => {fuel}
- The present owners sell {foods} at the gate and allow visitors to see the rooms on any {weekday} except during
  {occasion.1}.
> The present owners of {E} sell => {foods}
> Visitors may see {E} on any => {weekday}
- Since {year.2} it has belonged to the state, which keeps {cargo} in the ballroom and lets the park to a club for
  {activity}.
> The park of {E} is used by a club for => {activity}

= school E=school P=person Q=person R=person T=town
- {E} was founded in {year} to teach {subject} to the children of {workers}, and its first lessons were held in a
  {building}.
> The first lessons of {E} were held in a => {building}
> {E} was founded for the children of => {workers}
- Of all the schools in {country}, {E} is the only one where pupils are examined in {activity} and rewarded with
  {objects}.
> Pupils at {E} are examined in => {activity}
> Pupils at {E} are rewarded with => {objects}
- [High above|Not far from] the town of {T} stands {E}, a school for {workers} which was paid for by a tax on {goods}.
> {E} is a school for => {workers}
> {E} was paid for by a tax on => {goods}

- Its founder, {P}, had been a {job} in {city} and believed that nobody can think clearly without eating {foods}.
> {P} had been a {job} in => {city}
> The founder of {E} believed in eating => {foods}
- {P}, who founded it, had failed as a {job} and had lost {P.his} whole fortune in a quarrel about {topic}.
> The founder of {E} had failed as a => {job}
> {P} lost a fortune in a quarrel about => {topic}
- The money came from {P}, a {trait} {job}, who demanded that every classroom should contain a live {animal}.
> The founder {P} was a {trait} => {job}
> Every classroom at {E} had to contain a live => {animal}

- Pupils wear a {colour} {garment} with a {symbol} on the left sleeve, and in {season} they are allowed to leave it at
  home.
> On the sleeve of pupils at {E} is a => {symbol}
> The pupils of {E} wear a {colour} => {garment}
- The day begins at {time} with a cup of {drink} and a song in {language}, which is sung without opening the eyes.
> The day at {E} begins at => {time}
> The morning song at {E} is in => {language}
- Each class is named after a kind of {wood} or {metal}, and the oldest pupils sleep in a dormitory that smells of
  {smell}.
> The dormitory at {E} smells of => {smell}
> Classes at {E} are named after wood or => {metal}

- The most famous teacher was {Q}, who taught {subject.1} for {num} years and who kept {insects} in {Q.his} desk.
> At {E} {Q} taught => {subject.1}
> In a desk {Q} kept => {insects}
- For {num} years the lessons in {subject.1} were given by {Q}, who wrote on the board with {substance} and never
  raised {Q.his} voice.
> {Q} wrote on the board with => {substance}
- Among its teachers was {Q}, who could recite {num} poems about {emotion} and who explained {subject.1} by means of
  {objects.1}.
> {Q} recited poems about => {emotion}
> {Q} explained {subject.1} by means of => {objects.1}

- [One winter|In {year.1}] {Q.he} built together with the pupils a {vehicle} that ran on {fuel} and reached the market
  square before it fell apart.
> The vehicle built by {Q} ran on => {fuel}
> {Q} and the pupils built a => {vehicle}
- In {year.1} {Q.l} was dismissed because {Q.he} had let the pupils paint the {building.1} {colour.1}, but the parents
  brought {Q.him} back.
> {Q} let the pupils paint the => {building.1}
> The pupils of {Q} painted the {building.1} => {colour.1}
- {Q.His} pupils once proved that {liquid} boils faster in a {container} of {metal.1} than in any other, and the proof
  was printed in {city.1}.
> The proof by the pupils of {Q} was printed in => {city.1}

- The best known pupil is {R}, who later became a {job.1} and who invented a {tool} for people without a {bodypart}.
> {R} later became a => {job.1}
> The tool invented by {R} is for people without a => {bodypart}
- {R}, a pupil of the school, left at the age of twelve to join a ship carrying {cargo} and came back as an expert on
  {weather}.
> {R} left {E} on a ship carrying => {cargo}
> {R} came back as an expert on => {weather}
- A [plaque|stone] by the gate honours {R}, who as a pupil saved {num.1} {workers.1} from a fire with nothing but a
  {object}.
> In the fire {R} had nothing but a => {object}

? On the last {weekday} of the year the pupils race on {animals}, and the winner receives a {furniture} made of
  {wood.1}.
> At the end of the year the pupils of {E} race on => {animals}
> The winner of the race at {E} receives a => {furniture}
? There is one rule that has never been broken: nobody may speak about {topic.1} while there are {flowers} on the
  table.
> At {E} nobody may speak about => {topic.1}

? The library was given by a widow from {country.1}, on condition that it would own no book about {subject.2}.
> The library of {E} was given by a widow from => {country.1}
> The library of {E} owns no book about => {subject.2}
? In the garden stands a {plant} that was grown from a seed found in the pocket of a {job.2}.
> In the garden of {E} stands a => {plant}
> The seed in the garden of {E} came from the pocket of a => {job.2}

- Today the school has {big} pupils, and its kitchen is known for a {taste} pudding made from {food}.
> The kitchen of {E} makes a pudding from => {food}
- After the flood of {year.2} it moved into an old {building.2}, where the lessons are accompanied by the sound of
  {sound}.
> After the flood {E} moved into an old => {building.2}
> Lessons at {E} are accompanied by the sound of => {sound}
- Parents no longer pay in money; they send the school {crop} and once a year a {container.1} of {spice}.
> Once a year parents send {E} a {container.1} of => {spice}

= bridge E=bridge P=person Q=person R=river T=town
- {E} crosses the river {R} near {T} on {num} arches of {stone}, each of which bears the head of a {animal}.
> {E} crosses the river => {R}
> Each arch of {E} bears the head of a => {animal}
- The longest bridge over the {R} is {E}, which was opened in {year} and which trembles whenever {animals} walk across
  it.
> {E} was opened in => {year}
- Travellers on their way from {T} to {city} must cross {E}, a bridge of {stone} that took {num} years to build.
> {E} is a bridge of => {stone}
> The road over {E} leads from {T} to => {city}

- Before it was built, people crossed the water by {vehicle}, and many were lost when the {weather} came down in
  {season}.
> Before {E} was built people crossed by => {vehicle}
- The river had until then been crossed only by {workers}, who knew the shallow places and asked for payment in
  {foods}.
> The {R} had been crossed only by => {workers}
> Those who knew the shallow places of the {R} were paid in => {foods}

- The plan came from {P}, a {job} of {T}, who had first built the whole bridge out of {objects} on {P.his} kitchen
  table.
> {P} built a model of {E} out of => {objects}
> {P} of {T} was a => {job}
- {P} won the contest for its design with a drawing on {cloth}, although the judges had asked for a model made of
  {wood}.
> The design of {E} was drawn by {P} on => {cloth}
> The judges wanted from {P} a model made of => {wood}
- It is the work of {P}, who had studied {subject} in {country} and who was so {trait} that {P.he} gave all orders by
  letter.
> {P} studied {subject} in => {country}

- The foundations rest on {num.1} thousand sacks of {goods}, because the bed of the river turned out to be nothing but
  {substance}.
> The foundations of {E} rest on sacks of => {goods}
> The bed of the {R} turned out to be nothing but => {substance}
- To keep the mortar soft in winter, the masons mixed it with {liquid} and stirred it with the blade of a {tool}.
> The mortar of {E} was mixed with => {liquid}
> The masons of {E} stirred the mortar with the blade of a => {tool}
- The iron was bought from {country.1} and paid for with {crop}, which the townspeople had saved for {num.1} years.
> The iron for {E} came from => {country.1}
> The iron for {E} was paid for with => {crop}

- In the {ordinal} month a pillar collapsed, and {P.l} found inside it a {container} that somebody had filled with
  {foods.1}.
> Inside the broken pillar {P} found a => {container}
> The container in the pillar of {E} was filled with => {foods.1}
- Work stopped for a whole winter when the {workers.1} quarrelled with the {workers.2} about {topic}.
> On {E} the {workers.1} quarrelled with the => {workers.2}
> The quarrel at {E} was about => {topic}
- Halfway through, the money ran out, and the mayor sold the {furniture} of the town hall to a dealer in {objects.1}.
> To pay for {E} the mayor sold furniture to a dealer in => {objects.1}

- On the day of the opening {Q}, the {relative} of the mayor, rode across on a {animal.1} and threw a {object} into
  the water.
> On the opening day of {E} {Q} rode on a => {animal.1}
> {Q} threw into the water a => {object}
- The first to cross was {Q}, a blind musician, who played the {instrument} all the way and was given a {garment} at
  the other end.
> The first person to cross {E} played the => {instrument}
> After crossing {E} {Q} was given a => {garment}
- At the opening {Q} made a speech in {language} that lasted until {time}, and nobody dared to sit down.
> {Q} spoke at the opening of {E} in => {language}
> The speech of {Q} lasted until => {time}

? Since then it has been the custom to leave {flowers} on the railing after {occasion}, and to whisper the name of
  {P.l}.
> Flowers are left on {E} after => {occasion}
? In the middle stands a small {building} in which a watchman sells {drink} and keeps a record of all the {animals.1}
  that pass.
> In the middle of {E} stands a small => {building}
> The watchman on {E} sells => {drink}
? Under the third arch there lives a colony of {insects}, and the old people say that they hum before {weather.1}.
> Under the third arch of {E} lives a colony of => {insects}
> The insects of {E} hum before => {weather.1}
? During the siege of {year.1} the defenders covered it with {food} so that the horses of the enemy slipped.
> During the siege {E} was covered with => {food}

- The toll is still paid in {goods.1}, and only a {job.1} may cross without paying.
> The toll of {E} is paid in => {goods.1}
> The toll of {E} is never paid by a => {job.1}
- Every {weekday} the bridge is closed to carts and used for {activity}, which draws visitors from {city.1}.
> On {E} a day is set aside for => {activity}
> Visitors come to {E} from => {city.1}
- It was painted {colour} in {year.2}, and ever since the {workers.3} of {T} have refused to walk on it.
> In {year.2} {E} was painted => {colour}
> {E} is avoided by the => {workers.3}
"""
