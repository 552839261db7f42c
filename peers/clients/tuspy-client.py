"""tuspy as its README shows it: FILE URL."""

import sys

from tusclient import client

path, url = sys.argv[1:3]
uploader = client.TusClient(url).uploader(
    path, chunk_size=1_048_576, retries=5, retry_delay=1, metadata={"filename": "video.mp4"}
)
uploader.upload()
