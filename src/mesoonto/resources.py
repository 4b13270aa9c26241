"""Finds the shipped ontology and shapes, in a checkout or in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder that holds ``ontology/`` and ``shapes/``."""
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent.parent


def ontology_dir() -> Path:
    """The folder of modules, import slices, records and questions."""
    return root() / "ontology"


def shapes_dir() -> Path:
    """The folder of SHACL shapes."""
    return root() / "shapes"


def module_files() -> list[Path]:
    """The root ontology and its modules."""
    return [ontology_dir() / "mesoonto.ttl", *sorted((ontology_dir() / "modules").glob("*.ttl"))]


def import_files() -> list[Path]:
    """The slices of outside vocabularies that the modules import."""
    return sorted((ontology_dir() / "imports").glob("*.ttl"))


def inferred_file() -> Path:
    """What HermiT infers from modules and slices; generated."""
    return ontology_dir() / "inferred.ttl"


def mapping_files() -> list[Path]:
    """The mappings to other vocabularies."""
    return sorted((ontology_dir() / "mappings").glob("*.sssom.tsv"))


def record_files() -> list[Path]:
    """The curated records."""
    return sorted((ontology_dir() / "data").rglob("*.ttl"))


def shape_files() -> list[Path]:
    """The shipped shapes."""
    return sorted(shapes_dir().glob("*.ttl"))


def federated_question_files() -> list[Path]:
    """The questions that join the dataset with other endpoints."""
    return sorted((ontology_dir() / "queries" / "federated").glob("*.rq"))


def question_files() -> list[Path]:
    """The competency questions."""
    return sorted((ontology_dir() / "queries").glob("*.rq"))


def pattern_files() -> list[Path]:
    """The design patterns of classes of one form, each with a table beside it."""
    return sorted((ontology_dir() / "patterns").glob("*/*.yaml"))


def quality_files() -> list[Path]:
    """The quality rules of the ontology."""
    return sorted((ontology_dir() / "quality").glob("*.rq"))
