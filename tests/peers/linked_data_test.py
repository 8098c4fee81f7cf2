"""pyshacl and rdflib: the guides of the portal as linked data, read and validated by
somebody else's programs against the shapes of CPSV-AP 3.2."""

import json
import os
import unittest
import urllib.request

from pyshacl import validate
from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef

with open(os.path.join(os.environ["WST_PEERS_DATA"], "demo.json"), encoding="utf-8") as file:
    SHEET = json.load(file)
PORTAL = SHEET["base_url"]
PROFILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cpsv-ap-3.2")

CPSV = Namespace("http://purl.org/vocab/cpsv#")
CV = Namespace("http://data.europa.eu/m8g/")
DCT = Namespace("http://purl.org/dc/terms/")
SH = Namespace("http://www.w3.org/ns/shacl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")

SHAPES = Graph().parse(os.path.join(PROFILE, "cpsv-ap-SHACL.ttl"))


def fetch(guide):
    with urllib.request.urlopen(f"{PORTAL}/api/v1/guides/{guide}/export/cpsv", timeout=30) as answer:
        assert answer.headers["content-type"] == "application/ld+json", answer.headers
        return json.load(answer)


def graph_of(document):
    # The document brings its own context: nothing is fetched to read it.
    assert isinstance(document["@context"], dict)
    return Graph().parse(data=json.dumps(document), format="json-ld")


def faults(graph):
    """The paths at which the shapes find something wrong."""
    conforms, report, _ = validate(graph, shacl_graph=SHAPES, inference="none", advanced=False)
    found = sorted(str(path) for path in report.objects(None, SH.resultPath))
    assert conforms == (not found), found
    return found


class LinkedData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = {guide: fetch(guide) for guide in SHEET["guides"]}
        cls.graphs = {guide: graph_of(document) for guide, document in cls.documents.items()}

    def some(self):
        """The document with the most resources."""
        return max(self.documents.values(), key=lambda document: len(document["@graph"]))

    def test_every_guide_of_the_city_conforms_to_the_profile(self):
        self.assertGreater(len(self.graphs), 20)
        for guide, graph in self.graphs.items():
            with self.subTest(guide):
                self.assertEqual(faults(graph), [])

    def test_a_guide_is_one_public_service_with_everything_the_profile_has_a_place_for(self):
        for guide, graph in self.graphs.items():
            services = list(graph.subjects(RDF.type, CPSV.PublicService))
            self.assertEqual(services, [URIRef(f"{PORTAL}/api/v1/guides/{guide}")])
            languages = {title.language for title in graph.objects(services[0], DCT.title)}
            self.assertEqual(languages, {"zh", "en"})
            for link in (CV.hasCompetentAuthority, CV.hasLegalResource, CV.hasCost, CV.hasChannel, CPSV.produces):
                for target in [*graph.objects(services[0], link)] or [None]:
                    self.assertIn((target, RDF.type, None), graph, f"{guide}: {link}")
            time = graph.value(services[0], CV.processingTime)
            self.assertEqual(time.datatype, XSD.duration)
            authority = graph.value(services[0], CV.hasCompetentAuthority)
            self.assertEqual({name.language for name in graph.objects(authority, SKOS.prefLabel)}, {"zh", "en"})

    def test_no_term_is_lost_on_the_way_to_triples(self):
        for document in self.documents.values():
            graph = graph_of(document)
            subjects = {node["@id"] for node in document["@graph"]}
            self.assertEqual({str(subject) for subject in graph.subjects()}, subjects)

    def test_the_terms_are_those_of_the_profile(self):
        with open(os.path.join(PROFILE, "cpsv-ap.jsonld"), encoding="utf-8") as file:
            context = json.load(file)["@context"]
        known = {term if isinstance(term, str) else term["@id"] for term in context.values()}
        for graph in self.graphs.values():
            used = {str(term) for term in graph.predicates()} - {str(RDF.type)}
            # Names of concepts and places, which the profile takes from SKOS.
            self.assertEqual(used - known - {str(SKOS.prefLabel), str(SKOS.notation)}, set())

    def test_what_breaks_the_profile_is_found(self):
        service = self.some()["@graph"][0]["@id"]
        for broken, at in [
            (lambda g: g.remove((URIRef(service), CV.hasCompetentAuthority, None)), CV.hasCompetentAuthority),
            (lambda g: g.remove((URIRef(service), DCT.title, None)), DCT.title),
            (lambda g: g.add((URIRef(service), DCT.identifier, Literal("another"))), DCT.identifier),
            (lambda g: g.set((URIRef(service), CV.processingTime, Literal("five days"))), CV.processingTime),
            (lambda g: g.add((URIRef(service), CPSV.hasInput, URIRef("urn:nothing"))), CPSV.hasInput),
            (lambda g: g.remove((None, RDF.type, CV.Channel)), CV.hasChannel),
        ]:
            graph = graph_of(self.some())
            broken(graph)
            self.assertIn(str(at), faults(graph))


if __name__ == "__main__":
    unittest.main()
