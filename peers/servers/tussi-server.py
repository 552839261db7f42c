"""tussi as its README shows it, on uvicorn: python tussi-server.py PORT FOLDER."""

import sys
from pathlib import Path

import uvicorn
from tussi import FilesystemStorage, TUSApp

port, folder = int(sys.argv[1]), Path(sys.argv[2])
uploads, completed = folder / "uploads", folder / "completed"
for needed in (uploads, completed):
    needed.mkdir(parents=True, exist_ok=True)
app = TUSApp(storage=FilesystemStorage(directory=uploads), completed_dir=completed)
uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
