"""Headway over HTTP, from any Python process: start, watch and steer runs, and report into them."""

from headway.client.attachment import Attachment, attach
from headway.client.http import Client
from headway.client.watched import Connection, Watched

__all__ = ["Attachment", "Client", "Connection", "Watched", "attach"]
