"""Reads an EVTX file with python-evtx and prints one JSON object per record.

Used by tests/it/evtx_writer_readers.rs. .ci/setup installs python-evtx.
"""

import base64
import json
import re
import sys
import xml.etree.ElementTree as tree

import Evtx.Evtx

NS = "{http://schemas.microsoft.com/win/2004/08/events/event}"


def text(element):
    return element.text or "" if element is not None else ""


def data(event):
    """EventData or UserData values in document order, as [name or null, value]."""
    values = []
    for element in event.findall(f"{NS}EventData/*"):
        if element.tag == f"{NS}Binary":
            # python-evtx shows bytes as Base64.
            values.append(["Binary", base64.b64decode(text(element)).hex().upper()])
        elif "Name" in element.attrib:
            values.append([element.attrib["Name"], text(element)])
        else:
            # An array of strings is one Data here, each string in a <string> that is itself escaped.
            strings = re.findall(r"<string>(.*?)</string>", text(element), re.DOTALL)
            values.extend([None, unescape(string)] for string in strings)
    for element in event.findall(f"{NS}UserData/*/*"):
        values.append([element.tag.rpartition("}")[2], text(element)])
    return values


def unescape(string):
    return string.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def main(path):
    with Evtx.Evtx.Evtx(path) as log:
        for record in log.records():
            event = tree.fromstring(record.xml())
            system = event.find(f"{NS}System")
            print(
                json.dumps(
                    {
                        "provider": system.find(f"{NS}Provider").attrib["Name"],
                        "event_id": text(system.find(f"{NS}EventID")),
                        "record_id": text(system.find(f"{NS}EventRecordID")),
                        "time": system.find(f"{NS}TimeCreated").attrib["SystemTime"],
                        "channel": text(system.find(f"{NS}Channel")),
                        "computer": text(system.find(f"{NS}Computer")),
                        "data": data(event),
                    }
                )
            )


main(sys.argv[1])
