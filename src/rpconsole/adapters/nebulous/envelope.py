"""SOAP 1.1 as Nebulous' server speaks it: one call as XML, and its answer read without trust."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "urn:Nebulous/Server/SOAP"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<soap:Envelope xmlns:soap="{ENVELOPE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><soap:Body>'
)
#: what XML cannot hold at all
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class SoapFault(Exception):
    """The server understood and says no; the text is its own."""


class NoSoap(Exception):
    """What came back is no answer of a SOAP server."""


def call_text(method: str, arguments: Sequence[str]) -> bytes:
    """The body of a request."""
    words = "".join(
        f'<a{number} xsi:type="xsd:string">{escape(_NO_XML.sub("?", value))}</a{number}>'
        for number, value in enumerate(arguments)
    )
    return f'{_HEAD}<{method} xmlns="{NAMESPACE}">{words}</{method}></soap:Body></soap:Envelope>'.encode()


def answer_in(content: bytes) -> list[str]:
    """The texts in an answer, in their order; SoapFault, or NoSoap.

    A document type is refused unread: SOAP forbids it, and entities in it could grow without end.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise NoSoap("it declares a document type, which SOAP forbids")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise NoSoap(f"it is not XML: {error}") from None
    body = root.find(f"{{{ENVELOPE}}}Body")
    if body is None or len(body) == 0:
        raise NoSoap("it has no SOAP body")
    if body[0].tag == f"{{{ENVELOPE}}}Fault":
        raise SoapFault((body[0].findtext("faultstring") or "no reason is given").strip())
    return [(leaf.text or "").strip() for leaf in body[0].iter() if len(leaf) == 0 and leaf is not body[0]]
