// Comments to try: what such models find, and what they stumble over.

export const EXAMPLES = [
  ["An insult", "You are an idiot, and everything you write here is garbage."],
  ["A threat", "I will find out where you live and hurt you."],
  ["Kill the process", "You have to kill the process first, then the port is free again."],
  ["A group, neutrally", "My neighbour is a gay Muslim and runs the best bakery in town."],
  ["Sarcasm", "Oh well done, another masterpiece from our resident genius."],
  ["Disguised", "you are such an 1d10t, go fu.ck yourself"],
];
