"""Posts that nobody has read before, and how much memory a process needs that reads them.

A fresh post takes the sentences of two to four posts of one training writer (nlp/corpus), in a new order, about as long as one of them,
and every eighth word is exchanged for another word of the same writer or misspelt. So words come as often as they do in posts, whole texts
and sentences do not come again, and whatever is kept by text or by sentence helps nobody. `python -m benchmarks.fresh_posts 10000` opens
a reader, reads as many posts and prints the most memory that the process had, in bytes.
"""

from __future__ import annotations

import random
import re
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from data.model.posts import PlatformName, Post, PostId, text_hash
from nlp.labelled import Watched, read_posts, read_terms
from nlp.pipeline import Reader, open_reader

CORPUS = Path(__file__).resolve().parents[1] / "nlp" / "corpus"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AT_ONCE = 200  # posts that are read at once, as in a round of the product (schoolwatch.round.CHUNK)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*\s*")
_WORD = re.compile(r"\w+")
_EXCHANGED = 1 / 8


def watched() -> Watched:
    """Return the terms, staff and schools of all training writers who have any."""
    return read_terms(sorted(CORPUS.glob("t*.terms.json")))


def opened() -> Reader:
    """Return a reader of all their schools."""
    known = watched()
    return open_reader(known.terms, known.staff, schools=known.schools)


class FreshPosts:
    """Makes fresh posts, each text once."""

    def __init__(self, seed: int = 20261121) -> None:
        """Read the training posts of writers who have schools."""
        self._random = random.Random(seed)  # noqa: S311 - a benchmark wants the same posts each time
        files = [path.with_name(path.name.replace(".terms.json", ".jsonl")) for path in sorted(CORPUS.glob("t*.terms.json"))]
        self._writers = [[post.text for post in read_posts([path])] for path in files]
        self._words = [[word for text in texts for word in _WORD.findall(text)] for texts in self._writers]
        self._seen = {text for texts in self._writers for text in texts}
        self._number = 0

    def texts(self) -> Iterator[str]:
        """Yield texts without end."""
        while True:
            writer = self._random.randrange(len(self._writers))
            text = self._exchanged(self._mixed(self._writers[writer]), self._words[writer]).strip()
            if text and text not in self._seen:
                self._seen.add(text)
                yield text

    def lot(self, size: int) -> list[Post]:
        """Return so many fresh posts."""
        return [self.post(text) for text in islice(self.texts(), size)]

    def post(self, text: str) -> Post:
        """Return the text as a post."""
        self._number += 1
        address = f"https://posts.example/{self._number}"
        return Post(
            id=PostId(self._number),
            platform=PlatformName.FORUM,
            native_id=str(self._number),
            permalink=address,
            address=address,
            text=text,
            first_seen_at=NOW,
            last_seen_at=NOW,
            text_hash=text_hash(text),
        )

    def _mixed(self, texts: list[str]) -> str:
        """Return sentences of several posts, in a new order, until they are as long as one of them."""
        picked = self._random.sample(texts, self._random.randint(2, 4))
        sentences = [sentence for text in picked for sentence in _SENTENCE.findall(text)]
        self._random.shuffle(sentences)
        enough, pieces = len(picked[0]), list[str]()
        for sentence in sentences:
            pieces.append(sentence if sentence[-1:].isspace() else sentence + " ")
            if sum(map(len, pieces)) >= enough:
                break
        return "".join(pieces)

    def _exchanged(self, text: str, words: list[str]) -> str:
        return _WORD.sub(lambda word: self._other(word[0], words) if self._random.random() < _EXCHANGED else word[0], text)

    def _other(self, word: str, words: list[str]) -> str:
        """Return another word of the writer, or this one with two letters changed round."""
        if len(word) < 4 or self._random.random() < 1 / 2:
            return self._random.choice(words)
        place = self._random.randrange(1, len(word) - 2)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def peak_memory() -> int:
    """Return the most memory this process had since it was started, in bytes; on Linux without what its parent had before."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    reader, posts = opened(), FreshPosts()
    for _ in range(0, int(sys.argv[1]), AT_ONCE):
        reader.read_many(posts.lot(AT_ONCE), NOW)
    print(peak_memory())
