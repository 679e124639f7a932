"""The world under a seed: bank, integrator, workers, ReCORE and people in one process, one of them moving at a time.

Decision 0019 tells why. `python -m tests.simulation --help` tells stories, goes on with the night's, tells one again,
and prints it as a plain test. For tests: `story.run(seed, profile, around=…) -> Result`.

| module | what lives there |
|---|---|
| `baton` | actors (greenlets), the one clock, who moves next |
| `network` | the ways between the programs, and what befalls messages |
| `processes` | workers and the web as processes that can be killed at any effect |
| `recore` | ReCORE: its orders, its calls, its receiver, what it believes |
| `stage` | all of them joined, set up and taken down |
| `acts`, `shop`, `people`, `trouble` | what can happen: one literal table, and its rules |
| `storylines` | short sequences that belong together: a lost reply, then a cancel, midnight, a day, a stall |
| `ledger`, `checks` | the books and the tables read on; what must hold after every motion |
| `ending` | faults stop, people act, time goes on: the verdict |
| `story`, `shrink`, `keeping` | a story drawn, told again, made short, kept, written as a test |
| `profiles`, `measuring` | how much is tried; the pace |
"""
