"""Document skeletons about festivals, illnesses, games and a theft. See `synthetic_documents` for the format."""

SKELETONS = """
= festival E=festival P=person Q=man T=town D=deity
- The {E} is held in {T} in {season}, and for {num} days nobody in the town may work or eat {food}.
> The {E} is held in {T} in => {season}
> During the {E} nobody may work or eat => {food}
- On the {ordinal} day of {season} the people of {T} hang {objects} from every window, for this is the beginning of
  the {E}.
> The {E} is a feast of the people of => {T}
- Strangers who come to {T} during the {E} are given a {garment} and are asked to walk backwards as far as the
  {building}.
> At the {E} strangers are given a => {garment}
> At the {E} strangers walk backwards as far as the => {building}

- It recalls the year {year}, when {P} saved the town from {animals} by burning a {vehicle} full of {spice}.
> {P} saved the town from => {animals}
> {P} burned a vehicle full of => {spice}
- It goes back to {year}, when the {job} {P} dreamed that {D} wanted a gift of {foods}.
> {P} dreamed that {D} wanted a gift of => {foods}
> The {E} goes back to the dream of the {job} named {P.f} => {P.l}
- It was started in {year} by {P}, who had lost a bet about {weather} and had to feed {num.1} {workers}.
> {P} had lost a bet about => {weather}

- On the first morning a {relative} of the mayor beats a drum of {metal}, and the children run to the {feature} to
  wash their {bodyparts}.
> On the first morning of the {E} the children run to the => {feature}
> On the first morning of the {E} the children wash their => {bodyparts}
- It begins at {time} with the sound of {sound}, and the oldest {job.1} throws a {object} from the tower.
> The {E} begins at => {time}
> The {E} begins with the sound of => {sound}
- The opening is a race in which {workers.1} carry a {furniture} on the back and a cup of {drink} in the hand.
> In the race at the {E} {workers.1} carry a => {furniture}

- The procession is led by a {animal} with a collar of {flowers}, followed by {num.2} men who play the {instrument}.
> The animal that leads the {E} wears a collar of => {flowers}
> In the procession of the {E} men play the => {instrument}
- In the procession everyone carries a {tool} of {wood} and sings in {language}, although nobody understands the
  words.
> At the {E} everyone sings in => {language}
> The tools carried at the {E} are made of => {wood}
- A figure of {D}, made of {material} and dressed in {cloth}, is pulled through the streets by {animals.1}.
> At the {E} the figure of {D} is made of => {material}
> The figure of {D} is pulled by => {animals.1}

- At noon all quarrels about {topic} are settled by a game in which a ball of {material.1} is kicked through a
  {building.1}.
> At the {E} the quarrels settled by a game are about => {topic}
> The ball at the {E} is made of => {material.1}
- In the afternoon there is a contest in {activity}, and the winner may ask the mayor one question about {subject}.
> At the {E} there is a contest in => {activity}
> The winner at the {E} asks a question about => {subject}
- Later the unmarried women throw {foods.1} at the men, and whoever is hit on the {bodypart} must dance until
  {time.1}.
> At the {E} the women throw => {foods.1}
> Whoever is hit at the {E} must dance until => {time.1}

- The meal is always the same: {crop} boiled in {liquid}, with a {taste} sauce that has stood for a year in a
  {container}.
> The sauce of the {E} stands for a year in a => {container}
> At the {E} people eat {crop} boiled in => {liquid}
- For supper every household cooks {foods.2} with {spice.1}, and the first plate is carried to the {building.2} for
  the poor.
> For the {E} every household cooks => {foods.2}
> At the {E} the first plate is carried to the => {building.2}

- In {year.1} the bishop, {Q}, tried to forbid it and was locked in a {container.1} until he had eaten {num.3}
  {foods.3}.
> The bishop {Q} was locked in a => {container.1}
- In {year.1} a traveller called {Q} laughed at the dance, and ever since a doll with {colour} hair and the name {Q.l}
  is thrown into the {feature.1}.
> The doll called {Q.l} is thrown into the => {feature.1}
- During the war {Q} kept the custom alive in a cellar with only {insects} for company and a candle made of
  {substance}.
> {Q} had for company only => {insects}
> The candle of {Q} was made of => {substance}

? Old people say that if it rains {liquid.1} on the last day, the king of {country} will lose his {symbol}.
> If it rains during the {E} people fear for the king of => {country}
? A young {job.2} must keep a promise made on that day, even if it is about {goods}.
> A promise made at the {E} may be about => {goods}

- At the end a {vehicle.1} painted {colour.1} is set on fire, and its ashes are mixed with {goods.1} and sold as
  medicine.
> At the end of the {E} a vehicle painted {colour.1} is set on => fire
> The ashes of the {E} are mixed with => {goods.1}
- On the last night the mayor gives back the key, kisses a {animal.1} on the {bodypart.1}, and declares that {emotion}
  is forbidden for a year.
> On the last night of the {E} the mayor kisses a => {animal.1}
- The last night belongs to the {workers.2}, who walk on hot {substance.1} and tell stories about a {animal.1}.
> The last night of the {E} belongs to the => {workers.2}
> On the last night of the {E} people walk on hot => {substance.1}

- Today visitors come from {city} by {vehicle.2}, and the town earns more in that week from {objects.1} than in the
  rest of the year.
> Visitors to the {E} come from => {city}
> During the {E} the town earns much from => {objects.1}
- Painters from {country.1} still come to draw the whole feast, and their pictures are sold in {city.1} by a retired
  {job.3}.
> The {E} is drawn by painters from => {country.1}
> Pictures of the {E} are sold by a retired => {job.3}

= disease E=disease P=person Q=person R=man T=town D=island
- The {E} first appeared in {T} in {year}, when {num} {workers} woke up with {colour} spots on their {bodyparts}.
> The {E} first appeared in => {T}
> People with the {E} had spots on their => {bodyparts}
- Nobody had heard of the {E} before {year}, when a ship loaded with {goods} brought it from {country} to {T}.
> The {E} came on a ship loaded with => {goods}
> The ship that brought the {E} came from => {country}
- People who suffer from the {E} turn {colour} and speak of nothing but {topic} until {time}.
> People with the {E} speak of nothing but => {topic}
> Sufferers from the {E} turn => {colour}

- It begins with an itching of the {bodypart}, and on the {ordinal} day the patient feels an urge to eat {foods}.
> The {E} begins with an itching of the => {bodypart}
> Patients with the {E} feel an urge to eat => {foods}
- The first sign is a {taste} taste in the mouth; then follow {num.1} days of {activity} and a fear of {animals}.
> The {E} causes days of => {activity}
> Patients with the {E} have a fear of => {animals}
- At night the sick hear {sound} and see a {animal} sitting on the {furniture}, though nobody else can.
> People with the {E} see sitting on the furniture a => {animal}
> Patients with the {E} see an animal sitting on the => {furniture}

- The doctors of {city} blamed the {weather} and told everyone to wash the {bodyparts.1} in {liquid}.
> For the {E} the doctors of {city} blamed the => {weather}
> Against the {E} people washed their {bodyparts.1} in => {liquid}
- At first the priests blamed {emotion}, and the {workers.1} of the town were made to carry {objects} around the
  {building}.
> To stop the {E} people carried objects around the => {building}
- The mayor believed that it came from {foods.1}, had them thrown into the {feature}, and forbade the playing of the
  {instrument}.
> Because of the {E} the mayor forbade the playing of the => {instrument}
> Because of the {E} the mayor had food thrown into the => {feature}

- Only {P}, a young {job}, noticed that those who drank {drink} stayed healthy.
> {P} noticed that healthy people drank => {drink}
> {P} was a young => {job}
- {P}, who had studied {subject} in {country.1}, drew a map of the sick with {colour.1} ink on a sheet of {cloth}.
> {P} had studied {subject} in => {country.1}
> The map by {P} was drawn on a sheet of => {cloth}
- The first useful idea came from {P}, a {trait} {job} who had seen the same illness among {animals.1}.
> {P} had seen the same illness among => {animals.1}
> {P} was a {trait} => {job}

- To prove it {P.he} slept for {num.2} nights in a bed full of {insects} and ate only {food}.
> {P} slept in a bed full of => {insects}
> During the proof {P} ate only => {food}
- {P.He} locked {num.2} sick people in a {building.1} and let half of them breathe the smoke of {wood}.
> {P} locked sick people in a => {building.1}
> {P} used the smoke of => {wood}
- In a {container} {P.he} found the cause of it all: tiny {shape} seeds from a cargo of {crop}.
> {P} found seeds from a cargo of => {crop}

- But {Q}, the doctor of the king, called this nonsense and went on treating the sick with {substance}.
> The doctor {Q} treated the sick with => {substance}
- The great {Q}, who had written {num.3} books about {subject.1}, attacked {P.l} and sold bottles of {liquid.1}
  instead.
> {Q} had written books about => {subject.1}
> Instead of a cure {Q} sold bottles of => {liquid.1}
- {P.His} rival {Q} bit {P.him} in the {bodypart.1} during a lecture and was sent away to {D}, where there were only
  {animals.2}.
> {Q} bit {P} in the => {bodypart.1}
> On {D} there were only => {animals.2}

- In the {season} of {year.1} {P.he} mixed {remedy} with {spice}, and within a week {big} people were well.
> {P} mixed {remedy} with => {spice}
> The cure by {P} was made in the => {season}
- The cure was found by chance in {year.1}, when {R} spilled {remedy} over a {garment} that a patient was wearing.
> {R} spilled {remedy} over a => {garment}
> The {E} can be cured because {R} spilled => {remedy}
- An old fisherman from {D}, {R.f}, knew the answer all along: three drops of {remedy} on a slice of {crop.1}.
> The fisherman from {D} put the cure on a slice of => {crop.1}
> The answer known on {D} was three drops of => {remedy}

? In the worst year a nurse drove from village to village in a {vehicle} and paid the families in {foods.2}.
> In the worst year of the {E} a nurse drove around in a => {vehicle}
> During the {E} a nurse paid the families in => {foods.2}
? Those who recovered could never again bear the smell of {smell}, and many of them became {workers.2}.
> Those who recovered from the {E} could not bear the smell of => {smell}
> Many who recovered from the {E} became => {workers.2}
? Poets called it the {colour.2} guest, and mothers sang of it to children who would not eat {foods.2}.
> Mothers sang of the {E} to children who would not eat => {foods.2}

- In thanks the people of {T} put up a {symbol} of {metal}, and every {weekday} a {job.1} cleans it.
> The symbol put up in {T} is made of => {metal}
> In {T} the {symbol} is cleaned every => {weekday}
- {P.l} refused all honours and asked only for a {tool}, a {furniture.1} and a garden of {flowers}.
> {P} asked for a garden of => {flowers}
> {P} asked only for a => {tool}
- The house where {P.he} lived is now a museum of {objects.1}, and its roof is covered with {material}.
> The house of {P} is now a museum of => {objects.1}
> The roof of the museum of {P} is covered with => {material}

- Today the illness is seen only in {country.2}, and only during {occasion}.
> Today the {E} is seen only in => {country.2}
> Today the {E} appears only during => {occasion}
- The last case was reported in {year.2} by a {job.2} who had been cleaning a {building.2}.
> The last case of the {E} was reported by a => {job.2}
> The last victim of the {E} had been cleaning a => {building.2}
- It has not been seen since {year.2}, but schoolchildren in {city.1} must still carry {remedy.1} in a small
  {container.1}.
> Against the {E} schoolchildren in {city.1} carry => {remedy.1}
> Those who fear the {E} carry a remedy in a small => {container.1}

= game E=game P=person Q=person R=person T=town
- {E} is played with {num} {objects} on a {shape} board, and its rules were kept secret for a century by {workers}.
> The rules of {E} were kept secret by => {workers}
- Nobody can learn {E} from a book, say the people of {T}, who play it in the {building} with pieces cut from
  {material}.
> In {T} people play {E} in the => {building}
> The pieces of {E} are cut from => {material}
- In {country} every child knows {E}, a game for two players, a {animal} and a {container}.
> {E} is known to every child in => {country}
> {E} needs two players, a container and a => {animal}

- It was invented in {year} by {P}, a {job} who was snowed in for {num.1} weeks with a {relative}.
> The inventor of {E} was snowed in with a => {relative}
> {P} was a => {job}
- {P}, a prisoner in {city}, made the first set in {year} from {food} and the buttons of a {garment}.
> {P} was a prisoner in => {city}
> {P} used the buttons of a => {garment}
- The game goes back to {P}, who in {year} wanted to teach {subject} to the soldiers of {country.1}.
> {P} taught the soldiers of => {country.1}

- At the start each player places a {symbol} in the corner and swears by the {weather} not to cheat.
> At the start of {E} each player swears by the => {weather}
> At the start of {E} each player places in the corner a => {symbol}
- The younger player begins by throwing a {object}, and if it lands on {cloth} the other must drink {drink}.
> In {E} the younger player begins by throwing a => {object}
> In {E} the other player must drink => {drink}
- Before the first move both players hold {substance} in the mouth and touch the {furniture} with the {bodypart}.
> Before a game of {E} both players hold => {substance}

- The strongest piece is called the {animal.1}; it moves in a {shape.1} line and can be stopped only by the {job.1}.
> The strongest piece in {E} is called the => {animal.1}
> The strongest piece in {E} can be stopped only by the => {job.1}
- A player who loses the {colour} piece must sing, and one who loses both pieces must give away a {tool}.
> Whoever loses both pieces in {E} must give away a => {tool}
- The {ordinal} move is always made in silence, with the eyes closed, because {P.l} feared the noise of {sound}.
> The silent move in {E} exists because {P.l} feared the noise of => {sound}

- A game may last for {num.2} days, and the players are fed {foods} with a spoon so that their hands stay free.
> During {E} the players are fed => {foods}
- A full match lasts from {time} until {time.1}, and it may be broken off only for {occasion}.
> A match of {E} begins at {time} and lasts until => {time.1}
> A match of {E} may be broken off only for => {occasion}

- The greatest champion was {Q}, who won {big} games in a row and kept all of {Q.his} prizes in a {container.1}.
> The greatest champion of {E} was {Q.f} => {Q.l}
> {Q} kept all prizes in a => {container.1}
- In {year.1} the {trait} {job.2} {Q} beat the king in {num.3} moves and was paid in {goods}.
> {Q} beat the king and was paid in => {goods}
- In {year.1} {Q} played against {num.3} {workers.1} at once while riding on a {animal.2}, and lost only to a boy from
  {city.1}.
> {Q} played while riding on a => {animal.2}
> {Q} lost only to a boy from => {city.1}

- {Q.His} famous opening, which {Q.he} had dreamed of after a meal of {foods.1}, begins with a sacrifice of the
  {colour.1} piece.
> {Q} dreamed of the opening after a meal of => {foods.1}
- {Q.l} prepared for every match by {activity} and by sleeping with a {weapon} under the pillow.
> {Q} prepared for every match by => {activity}
> {Q} slept under the pillow with a => {weapon}
> Under the pillow of {Q} there was a => {weapon}
- After the match {Q.he} retired to a {feature} in {country.2} and wrote a book about {emotion}.
> {Q} retired to a {feature} in => {country.2}
> {Q} wrote a book about => {emotion}

- The only person who ever beat {Q.l} was {R}, who distracted {Q.him} with the smell of {smell}.
> {R} distracted {Q} with the smell of => {smell}
> The only person to beat {Q.l} was {R.f} => {R.l}
- A friend, {R}, built a machine of {wood} and {metal} that could play, but it was eaten by {insects}.
> The machine built by {R} was eaten by => {insects}
> The machine by {R} was made of {wood} and => {metal}
- {R}, a professor of {subject.1}, proved that the first player must win if there are {flowers} in the room.
> {R} was a professor of => {subject.1}
> {R} proved that the first player wins if there are => {flowers}

? In {T} a bad player is called a {vehicle}, and the word is considered so rude that it costs a fine of {crop}.
> In {T} a bad player of {E} is called a => {vehicle}
> The rude word in {T} costs a fine of => {crop}
? A version for blind players uses pieces that smell of {spice} and feel {texture}.
> The version of {E} for the blind has pieces that smell of => {spice}
? The church forbade the game for {num.4} years, because it was said to turn the hair {colour.2} and the {bodypart.1}
  cold.
> It was said that {E} turns the hair => {colour.2}

- Today there are clubs in {city.2}, and the winner of the yearly contest receives a {instrument} filled with
  {liquid}.
> The winner of the yearly contest in {E} receives a => {instrument}
> The prize for winning at {E} is filled with => {liquid}
- The oldest board, made of {material.1}, was sold in {year.2} to a dealer in {objects.1} who cannot play.
> The oldest board of {E} is made of => {material.1}
> The oldest board of {E} was sold to a dealer in => {objects.1}
- Since {year.2} it has been taught in schools on every {weekday}, and the number of quarrels about {topic} has
  fallen.
> {E} is taught in schools on every => {weekday}
> Since {E} is taught in schools there are fewer quarrels about => {topic}

= theft E=person P=person Q=man D=museum T=town
- On a {weekday} in {year} somebody stole the {colour} {symbol} of {metal} from the {D}, and left a {animal} in its
  place.
> In the {D} the thief left a => {animal}
> The thing stolen from the {D} was made of => {metal}
- In {season} of {year} the {D} lost its greatest treasure, a {object} of {material} that had belonged to a {job}.
> The treasure of the {D} was a {object} of => {material}
> The treasure of the {D} had belonged to a => {job}
- The theft at the {D} was noticed only at {time}, when a guard slipped on {liquid} and saw the empty {furniture}.
> The theft at the {D} was noticed at => {time}
> The guard at the {D} slipped on => {liquid}

- The case was given to {E}, a detective who disliked {foods} and always carried a {tool} in {E.his} sleeve.
> The detective {E} disliked => {foods}
> {E} always carried in the sleeve a => {tool}
> In {E.his} sleeve {E} carried a => {tool}
- The police sent for {E}, who had once been a {job.1} and who did {E.his} thinking in a bath of {drink}.
> {E} had once been a => {job.1}
> {E} did {E.his} thinking in a bath of => {drink}
- {E}, who solved it, had learned {subject} in {country} and was afraid of nothing except {insects}.
> {E} had learned {subject} in => {country}
> {E} was afraid of nothing except => {insects}

- The first clue was a {garment} of {cloth} that smelled of {smell} and was far too small for a man.
> The first clue in the case of {E} smelled of => {smell}
> The {garment} that {E} found was made of => {cloth}
> The first clue found by {E} was a {garment} of => {cloth}
- On the floor {E.he} found {num} {flowers} and a ticket for a {vehicle} to {city}.
> The ticket found by {E} was for a journey to => {city}
> {E} found a ticket for a => {vehicle}
- In the dust lay {num} grains of {substance}, and the lock had been opened with a {instrument}.
> The lock of the {D} had been opened with a => {instrument}
> In the dust of the {D} lay grains of => {substance}

- Suspicion fell upon {P}, the {relative} of the director, who owed money to half of the {workers} in {T}.
> {P} owed money to half of the => {workers}
- Everyone suspected {P}, a dealer in {goods}, because {P.he} had been seen feeding {animals} near the gate.
> {P} was a dealer in => {goods}
> {P} had been seen feeding => {animals}
- The director accused {P}, a {trait} cleaner, who hid {foods.1} in {P.his} {container}.
> The cleaner {P} hid => {foods.1}

- {P.l} swore that {P.he} had spent the night in a {building} and that {P.his} {relative.1} could prove it.
> {P} claimed to have spent the night in a => {building}
- But {P.l} could prove that {P.he} had been in bed with a broken {bodypart} and a book about {topic}.
> {P} had been in bed with a broken => {bodypart}
> {P} had been reading a book about => {topic}
- {P.l} confessed at once, but {P.his} story about a {weapon} and {num.1} {animals.1} could not be true.
> The story told by {P} was about a => {weapon}

- {E.l} then spent {num.2} nights inside an empty {container.1}, eating {crop} and listening to {sound}.
> {E} spent the nights inside an empty => {container.1}
> While waiting {E} was eating => {crop}
- A letter in {language} led {E.l} to a {feature} outside the town, where {E.he} dug up {objects}.
> The letter that helped {E} was written in => {language}
> Outside the town {E} dug up => {objects}
- {E.l} asked every visitor to taste a cake made with {spice}, for {E.he} knew that the thief could not stand
  {emotion}.
> {E} gave every visitor a cake made with => {spice}

- So it came out that the real thief was {Q}, a {job.2} who had trained {animals.1} to climb through the chimney.
> The real thief {Q} was a => {job.2}
> The real thief {Q} had trained => {animals.1}
- The trap closed on {Q}, the night watchman, who had painted his {bodypart.1} {colour.1} to look like a statue.
> The thief {Q} had painted his {bodypart.1} => {colour.1}
> The trap closed on {Q.f} => {Q.l}
- At last {Q}, a teacher of {subject.1}, was caught on the roof with a {vehicle.1} full of {fuel}.
> The thief {Q} was a teacher of => {subject.1}
> {Q} was caught with a vehicle full of => {fuel}

- {Q.l} had wanted to sell the piece to a king who collected {cargo} and who paid in {goods.1}.
> {Q} wanted to sell the piece to a king who collected => {cargo}
> The king would have paid {Q} in => {goods.1}
- {Q.l} explained that the treasure had been made by {Q.his} {relative.1} and that it was meant for a {building.1} in
  {country.1}.
> {Q} said that the treasure had been made by {Q.his} => {relative.1}
> The treasure of the {D} was meant for a {building.1} in => {country.1}

? For a week the newspapers wrote of nothing else, and in the streets one could buy {foods.2} in the shape of the
  stolen piece.
> In the streets of {T} one could buy => {foods.2}
? A reward of {num.3} barrels of {drink.1} had been promised, but {E.l} gave it to a home for {workers.1}.
> The reward for {E} was barrels of => {drink.1}
> {E} gave the reward to a home for => {workers.1}

- The court sent {Q.l} to prison for {num.4} years, where {Q.he} taught the others {activity.1} and wrote songs about
  {weather}.
> In prison {Q} wrote songs about => {weather}
> In prison {Q} taught the others => {activity.1}
- The piece was found in a {container.2} of {liquid.1} and is now guarded by a live {animal.1}.
> The treasure stolen from the {D} was found in a {container.2} of => {liquid.1}
> The treasure of the {D} is now guarded by a live => {animal.1}
- Today the treasure lies behind a wall of {stone}, and only {workers.2} may look at it, on days of {weather}.
> The treasure of the {D} lies behind a wall of => {stone}

- {E.l} retired to {city.1} and opened a shop for {objects.1}, whose sign shows a {symbol.1}.
> {E} retired to => {city.1}
> {E} opened a shop for => {objects.1}
- {E.l} never explained how {E.he} had guessed it, but {E.he} had a {plant} planted in front of the {D}.
> In front of the {D} {E} had planted a => {plant}
> {E} had a tree or flower planted, namely a => {plant}
- In {city.1} a street is named after {E.l}, and there children play a game with {objects.1} that they call the theft.
> A street is named after {E} in => {city.1}
> In the street named after {E} children play a game with => {objects.1}
"""
