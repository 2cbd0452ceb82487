"""XML documents."""

from __future__ import annotations

from datahub.formats.declare import Format, declare_format
from datahub.formats.xml_read import XmlReader
from datahub.formats.xml_reject import XmlRejecter
from datahub.formats.xml_write import XmlWriter, xml_unfit

declare_format(Format("xml", "xml", reader=XmlReader, rejecter=XmlRejecter, writer=XmlWriter, unfit=xml_unfit))
