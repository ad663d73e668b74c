"""What a scenario says while it runs: its seed, its faults, its counts. Every failed test shows all of it.

pytest alone shows it only with the first test of those that share a fixture.
"""

sentences = []


def say(sentence):
    sentences.append(sentence)
    print(sentence)
