"""The words of the vocabularies of SHACL, as their files and specifications list them.

SHACL 1.0 and its advanced features: https://www.w3.org/ns/shacl.ttl. The drafts of SHACL 1.2: w3c/data-
shapes, shacl12-vocabularies/shacl.ttl at 01714cd, shnex.ttl at 06cabb6 (and the two words by which
shacl.ttl says that its own are replaced), shacl12-rules/rules-rdf-syntax/rdf-syntax-vocab.ttl at 5f3a972.
Left out are the constraint components and their parameters, which are no words to write shapes with.
"""

from __future__ import annotations

SHACL_12 = """
    agentInstruction alternativePath and annotationProperty annotationValue annotationVarName ask
    bodyExpression class closed codeIdentifier condition conformanceDisallows conforms
    conformsToShapesGraph construct datatype deactivated declare defaultValue describe description detail
    disjoint entailment equals expectedPredicate expression filterShape flags focusNode formalized group
    hasRule hasValue ignoredProperties in includesRuleSet incomplete incompleteURIStart intent
    intersection inversePath keyParameter labelTemplate languageIn layer lessThan lessThanOrEquals
    maxCount maxExclusive maxInclusive maxLength maxListLength memberShape message minCount minExclusive
    minInclusive minLength minListLength minus name namespace node nodeByExpression nodeKind nodeValidator
    nodes not object oneOrMorePath optional or order parameter path pattern predicate prefix prefixes
    property propertyValidator qualifiedMaxCount qualifiedMinCount qualifiedValueShape
    qualifiedValueShapesDisjoint reificationRequired reifierShape result resultAnnotation resultMessage
    resultPath resultSeverity returnType rootClass rule ruleProcessor runOnce select severity shape
    shapesGraph shapesGraphWellFormed singleLine someValue sourceConstraint sourceConstraintComponent
    sourceRule sourceShape sparql sparqlExpr subject subsetOf suggestedShapesGraph target targetClass
    targetNode targetObjectsOf targetSubjectsOf targetWhere tempTriple this union uniqueLang uniqueMembers
    uniqueValuesFor unit update usedConfiguration usedDataGraph usedShapesGraph validator value xone
    zeroOrMorePath zeroOrOnePath

    AbstractResult BlankNode BlankNodeOrIRI BlankNodeOrLiteral ConstraintComponent DataGraph Debug
    Function Graph IRI IRIOrLiteral Info ListParameterExpression ListParameterExpressionFunction Literal
    NamedParameterExpression NamedParameterExpressionFunction NodeExpression NodeExpressionFunction
    NodeKind NodeShape Parameter Parameterizable PrefixDeclaration ProcessorConfiguration PropertyGroup
    PropertyShape ResultAnnotation Rule RuleSet RulesEntailment RulesGraph SPARQLAskExecutable
    SPARQLAskValidator SPARQLConstraint SPARQLConstructExecutable SPARQLDescribeExecutable
    SPARQLExecutable SPARQLExprExpression SPARQLFunction SPARQLRule SPARQLRuleTemplate
    SPARQLSelectExecutable SPARQLSelectValidator SPARQLTarget SPARQLTargetType SPARQLUpdateExecutable
    SelectExpression Severity Shape ShapeClass ShapesGraph Target TargetType Trace TripleRule TripleTerm
    ValidationReport ValidationResult Validator Violation Warning
"""

#: Words of SHACL Advanced Features and of the JavaScript extensions that SHACL 1.2 has no more.
FORMER = """
    count desc distinct else exists groupConcat if js jsFunctionName jsLibrary jsLibraryURL limit max min
    offset orderBy separator sum then values JSConstraint JSExecutable JSFunction JSLibrary JSRule
    JSTarget JSTargetType JSValidator
"""

EXPRESSIONS = """
    concat count distinct else exists filterShape focusNode if instancesOf intersection limit max min
    minus nodes offset pathValues remove sum then union var where
"""

RULES = """
    assign assignValue assignVar body data filter head not object predicate rules subject triplePattern
    tripleTemplate varName AssignmentElement FilterElement NegationElement Rule RuleElement RuleSet
    TriplePatternElement TripleTemplate
"""

WORDS = {
    "sh": frozenset((SHACL_12 + FORMER).split()),
    "shnex": frozenset(EXPRESSIONS.split()),
    "srl": frozenset(RULES.split()),
}
