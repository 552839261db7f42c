"""aiotus as its README shows it: FILE URL."""

import asyncio
import sys

import aiotus

path, url = sys.argv[1:3]


async def main():
    with open(path, "rb") as file:
        location = await aiotus.upload(url, file, {"filename": b"video.mp4"})
    sys.exit(0 if location is not None else 1)


asyncio.run(main())
