"""moto's server with two things set right: `python -m tests.support.moto_server PORT`."""

import io
import sys
from typing import Any

from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.test import run_wsgi_app

_new_version = LaunchTemplateVersion.__init__


def _init(self: LaunchTemplateVersion, template: Any, number: int, data: dict[str, Any], description: str) -> None:
    """A template's own tags are no part of what it launches; moto gives them back there."""
    own = [item for item in data.get("TagSpecifications", []) if item.get("ResourceType") != "launch-template"]
    _new_version(self, template, number, data | {"TagSpecifications": own}, description)


class _KeepsConnections(MotoRequestHandler):
    """Reads a request to its end, answers it whole, and keeps the connection, as AWS does.

    Werkzeug's own handler closes the connection behind each answer. On a busy machine a client then loses an answer
    now and then, and what was done can't be asked for a second time: a lock that was taken is held by nobody.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body of an answer are two writes

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        is_chunked = "wsgi.input_terminated" in environ
        body = environ["wsgi.input"].read(-1 if is_chunked else int(self.headers.get("Content-Length") or 0))
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        self.environ = environ
        pieces, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        answer = b"".join(pieces)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        has_body = self.command != "HEAD" and code not in ("204", "304")
        if has_body and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if has_body:
            self.wfile.write(answer)


def serve(port: int) -> None:
    """Answer on loopback until the process is ended."""
    LaunchTemplateVersion.__init__ = _init  # type: ignore[method-assign]
    app = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", port, app, threaded=True, request_handler=_KeepsConnections)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
