"""A bucket on loopback: moto's S3, with two things that the tests need of it.

Changes of one object are one after the other, as S3 promises and moto's threads do not. And each
object that shows who works and who stands by is written to standard output, a JSON line each, in the
order in which it came to be.

    bucket.py PORT BUCKET
"""

import io
import json
import logging
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

port, name = int(sys.argv[1]), sys.argv[2]
logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto = DomainDispatcherApplication(create_backend_app)
lock = threading.Lock()


def is_told(path):
    return path.endswith("/lease") or "/standby/" in path


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] not in ("PUT", "DELETE") or not is_told(path):
        return moto(environ, start_response)
    # Before the lock: a slow line must not hold up the other machine.
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    status = []

    def started(line, headers, *rest):
        status.append(int(line.split()[0]))
        return start_response(line, headers, *rest)

    with lock:
        answer = list(moto(environ, started))
        if status[0] < 300:
            key = path.removeprefix(f"/{name}/")
            text = body.decode("utf-8", "replace")
            print(json.dumps({"key": key, "body": text}), flush=True)
    return answer


if __name__ == "__main__":
    run_simple("127.0.0.1", port, app, threaded=True)
