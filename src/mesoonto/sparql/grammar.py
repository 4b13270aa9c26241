"""The grammar of SPARQL 1.1 Query and Update (section 19.8), with what the engine takes of 1.2, and LATERAL.

The notation is that of the specification, and so are the names of the productions. ``~`` before a name says
that the production makes no node of its own, its parts being those of the production around it; ``?`` that it
makes none when it has one part only. Words in quotes are keywords and match in any case, but for ``'a'``.

Three things are written differently, so that one token decides which way to go (the grammar stays LL(1)):
INSERT and DELETE are told from INSERT DATA and the like by what follows; what may be empty is optional
where it is used; and a sign may stand apart from a number in a term, as the engine has it.

Its terminals have a module of their own: their expressions take 25 ms to compile, and who asks for the
names of functions need not wait for them.
"""

from __future__ import annotations

GRAMMAR = r"""
~QueryUnit ::= Prologue ( SelectQuery | ConstructQuery | DescribeQuery | AskQuery )
~UpdateUnit ::= Prologue ( Update1 ( ';' UpdateUnit )? )?
Prologue ::= ( BaseDecl | PrefixDecl | VersionDecl )*
BaseDecl ::= 'BASE' IRIREF
PrefixDecl ::= 'PREFIX' PNAME_NS IRIREF
VersionDecl ::= 'VERSION' STRING
SelectQuery ::= SelectClause DatasetClause* WhereClause SolutionModifier ValuesClause?
SubSelect ::= SelectClause WhereClause SolutionModifier ValuesClause?
SelectClause ::= 'SELECT' ( 'DISTINCT' | 'REDUCED' )? ( ( VAR | '(' Expression 'AS' VAR ')' )+ | '*' )
ConstructQuery ::= 'CONSTRUCT' ( ConstructTemplate DatasetClause* WhereClause
    | DatasetClause* 'WHERE' '{' TriplesTemplate? '}' ) SolutionModifier ValuesClause?
DescribeQuery ::= 'DESCRIBE' ( VarOrIri+ | '*' ) DatasetClause* WhereClause? SolutionModifier ValuesClause?
AskQuery ::= 'ASK' DatasetClause* WhereClause SolutionModifier ValuesClause?
DatasetClause ::= 'FROM' ( iri | 'NAMED' iri )
WhereClause ::= 'WHERE'? GroupGraphPattern
~SolutionModifier ::= GroupClause? HavingClause? OrderClause? LimitOffsetClauses?
GroupClause ::= 'GROUP' 'BY' GroupCondition+
~GroupCondition ::= BuiltInCall | FunctionCall | '(' Expression ( 'AS' VAR )? ')' | VAR
HavingClause ::= 'HAVING' Constraint+
OrderClause ::= 'ORDER' 'BY' OrderCondition+
~OrderCondition ::= ( 'ASC' | 'DESC' ) BrackettedExpression | Constraint | VAR
LimitOffsetClauses ::= LimitClause OffsetClause? | OffsetClause LimitClause?
LimitClause ::= 'LIMIT' INTEGER
OffsetClause ::= 'OFFSET' INTEGER
ValuesClause ::= 'VALUES' DataBlock

~Update1 ::= Load | Clear | Drop | Add | Move | Copy | Create | Insert | Delete | Modify
Load ::= 'LOAD' 'SILENT'? iri ( 'INTO' GraphRef )?
Clear ::= 'CLEAR' 'SILENT'? GraphRefAll
Drop ::= 'DROP' 'SILENT'? GraphRefAll
Create ::= 'CREATE' 'SILENT'? GraphRef
Add ::= 'ADD' 'SILENT'? GraphOrDefault 'TO' GraphOrDefault
Move ::= 'MOVE' 'SILENT'? GraphOrDefault 'TO' GraphOrDefault
Copy ::= 'COPY' 'SILENT'? GraphOrDefault 'TO' GraphOrDefault
Insert ::= 'INSERT' ( 'DATA' QuadPattern | QuadPattern Pattern )
Delete ::= 'DELETE' ( 'DATA' QuadPattern | 'WHERE' QuadPattern | QuadPattern InsertClause? Pattern )
Modify ::= 'WITH' iri ( DeleteClause InsertClause? | InsertClause ) Pattern
~Pattern ::= UsingClause* WherePart
WherePart ::= 'WHERE' GroupGraphPattern
DeleteClause ::= 'DELETE' QuadPattern
InsertClause ::= 'INSERT' QuadPattern
UsingClause ::= 'USING' ( iri | 'NAMED' iri )
~GraphOrDefault ::= 'DEFAULT' | 'GRAPH'? iri
~GraphRef ::= 'GRAPH' iri
~GraphRefAll ::= GraphRef | 'DEFAULT' | 'NAMED' | 'ALL'
QuadPattern ::= '{' Quads '}'
~Quads ::= TriplesTemplate? ( QuadsNotTriples '.'? TriplesTemplate? )*
QuadsNotTriples ::= 'GRAPH' VarOrIri '{' TriplesTemplate? '}'
TriplesTemplate ::= MoreTriples
~MoreTriples ::= TriplesSameSubject ( '.' MoreTriples? )?

GroupGraphPattern ::= '{' ( SubSelect | GroupGraphPatternSub ) '}'
~GroupGraphPatternSub ::= TriplesBlock? ( GraphPatternNotTriples '.'? TriplesBlock? )*
TriplesBlock ::= MoreTriplesPath
~MoreTriplesPath ::= TriplesSameSubjectPath ( '.' MoreTriplesPath? )?
~GraphPatternNotTriples ::= GroupOrUnionGraphPattern | OptionalGraphPattern | LateralGraphPattern
    | MinusGraphPattern | GraphGraphPattern | ServiceGraphPattern | Filter | Bind | InlineData
OptionalGraphPattern ::= 'OPTIONAL' GroupGraphPattern
LateralGraphPattern ::= 'LATERAL' GroupGraphPattern
GraphGraphPattern ::= 'GRAPH' VarOrIri GroupGraphPattern
ServiceGraphPattern ::= 'SERVICE' 'SILENT'? VarOrIri GroupGraphPattern
Bind ::= 'BIND' '(' Expression 'AS' VAR ')'
InlineData ::= 'VALUES' DataBlock
DataBlock ::= VAR '{' DataBlockValue* '}'
    | ( NIL | '(' VAR* ')' ) '{' ( '(' DataBlockValue* ')' | NIL )* '}'
DataBlockValue ::= iri | RDFLiteral | NumericLiteral | BooleanLiteral | 'UNDEF' | TripleTermData
MinusGraphPattern ::= 'MINUS' GroupGraphPattern
GroupOrUnionGraphPattern ::= GroupGraphPattern ( 'UNION' GroupGraphPattern )*
Filter ::= 'FILTER' Constraint
~Constraint ::= BrackettedExpression | BuiltInCall | FunctionCall
FunctionCall ::= iri ArgList
~ArgList ::= NIL | '(' 'DISTINCT'? Expression ( ',' Expression )* ')'
~ExpressionList ::= NIL | '(' Expression ( ',' Expression )* ')'
ConstructTemplate ::= '{' ConstructTriples? '}'
~ConstructTriples ::= TriplesSameSubject ( '.' ConstructTriples? )?

TriplesSameSubject ::= VarOrTerm PropertyListNotEmpty | TriplesNode PropertyListNotEmpty?
    | ReifiedTriple PropertyListNotEmpty?
~PropertyListNotEmpty ::= Verb ObjectList ( ';' ( Verb ObjectList )? )*
~Verb ::= VarOrIri | 'a'
~ObjectList ::= Object ( ',' Object )*
~Object ::= GraphNode Annotation
~Annotation ::= ( Reifier | AnnotationBlock )*
AnnotationBlock ::= '{|' PropertyListNotEmpty '|}'
~GraphNode ::= VarOrTerm | TriplesNode | ReifiedTriple
~TriplesNode ::= Collection | BlankNodePropertyList
BlankNodePropertyList ::= '[' PropertyListNotEmpty ']'
Collection ::= '(' GraphNode+ ')'
TriplesSameSubjectPath ::= VarOrTerm PropertyListPathNotEmpty | TriplesNodePath PropertyListPathNotEmpty?
    | ReifiedTriple PropertyListPathNotEmpty?
~PropertyListPathNotEmpty ::= VerbPath ObjectListPath ( ';' ( VerbPath ObjectListPath )? )*
~VerbPath ::= Path | VAR
~ObjectListPath ::= ObjectPath ( ',' ObjectPath )*
~ObjectPath ::= GraphNodePath AnnotationPath
~AnnotationPath ::= ( Reifier | AnnotationBlockPath )*
AnnotationBlockPath ::= '{|' PropertyListPathNotEmpty '|}'
~GraphNodePath ::= VarOrTerm | TriplesNodePath | ReifiedTriple
~TriplesNodePath ::= CollectionPath | BlankNodePropertyListPath
BlankNodePropertyListPath ::= '[' PropertyListPathNotEmpty ']'
CollectionPath ::= '(' GraphNodePath+ ')'
Reifier ::= '~' ( VAR | iri | BlankNode )?
ReifiedTriple ::= '<<' ReifiedTripleTerm Verb ReifiedTripleTerm Reifier? '>>'
~ReifiedTripleTerm ::= VAR | iri | RDFLiteral | NumericLiteral | BooleanLiteral | BlankNode | ReifiedTriple
    | TripleTerm
TripleTerm ::= '<<(' TripleTermTerm Verb TripleTermTerm ')>>'
~TripleTermTerm ::= VAR | iri | RDFLiteral | NumericLiteral | BooleanLiteral | BlankNode | TripleTerm
TripleTermData ::= '<<(' TripleTermDataTerm ( iri | 'a' ) TripleTermDataTerm ')>>'
~TripleTermDataTerm ::= iri | RDFLiteral | NumericLiteral | BooleanLiteral | TripleTermData

?Path ::= PathSequence ( '|' PathSequence )*
?PathSequence ::= PathEltOrInverse ( '/' PathEltOrInverse )*
?PathEltOrInverse ::= '^' PathElt | PathElt
?PathElt ::= PathPrimary ( '?' | '*' | '+' )?
?PathPrimary ::= iri | 'a' | '!' PathNegatedPropertySet | '(' Path ')'
~PathNegatedPropertySet ::= PathOneInPropertySet
    | '(' PathOneInPropertySet ( '|' PathOneInPropertySet )* ')'
~PathOneInPropertySet ::= iri | 'a' | '^' ( iri | 'a' )

~VarOrTerm ::= VAR | iri | RDFLiteral | NumericLiteral | BooleanLiteral | BlankNode | NIL | TripleTerm
~VarOrIri ::= VAR | iri
?Expression ::= ConditionalAndExpression ( '||' ConditionalAndExpression )*
?ConditionalAndExpression ::= RelationalExpression ( '&&' RelationalExpression )*
?RelationalExpression ::= AdditiveExpression ( ( '=' | '!=' | '<' | '>' | '<=' | '>=' ) AdditiveExpression
    | 'IN' ExpressionList | 'NOT' 'IN' ExpressionList )?
?AdditiveExpression ::= MultiplicativeExpression ( ( '+' | '-' ) MultiplicativeExpression
    | SignedNumber ( ( '*' | '/' ) UnaryExpression )* )*
?MultiplicativeExpression ::= UnaryExpression ( ( '*' | '/' ) UnaryExpression )*
?UnaryExpression ::= '!' UnaryExpression | ( '+' | '-' ) PrimaryExpression | PrimaryExpression
~PrimaryExpression ::= BrackettedExpression | BuiltInCall | IriOrFunction | RDFLiteral | UnsignedNumber
    | SignedNumber | BooleanLiteral | VAR | ExprTripleTerm
ExprTripleTerm ::= '<<(' ExprTripleTermTerm Verb ExprTripleTermTerm ')>>'
~ExprTripleTermTerm ::= iri | RDFLiteral | NumericLiteral | BooleanLiteral | VAR | ExprTripleTerm
BrackettedExpression ::= '(' Expression ')'
?IriOrFunction ::= iri ArgList?
?BuiltInCall ::= Aggregate | ExistsFunc | NotExistsFunc | NULLARY NIL
    | 'BNODE' ( '(' Expression ')' | NIL )
    | UNARY '(' Expression ')' | 'BOUND' '(' VAR ')' | BINARY '(' Expression ',' Expression ')'
    | ( 'CONCAT' | 'COALESCE' ) ExpressionList
    | ( 'SUBSTR' | 'REGEX' ) '(' Expression ',' Expression ( ',' Expression )? ')'
    | 'REPLACE' '(' Expression ',' Expression ',' Expression ( ',' Expression )? ')'
    | TERNARY '(' Expression ',' Expression ',' Expression ')'
ExistsFunc ::= 'EXISTS' GroupGraphPattern
NotExistsFunc ::= 'NOT' 'EXISTS' GroupGraphPattern
Aggregate ::= 'COUNT' '(' 'DISTINCT'? ( '*' | Expression ) ')'
    | ( 'SUM' | 'MIN' | 'MAX' | 'AVG' | 'SAMPLE' ) '(' 'DISTINCT'? Expression ')'
    | 'GROUP_CONCAT' '(' 'DISTINCT'? Expression ( ';' 'SEPARATOR' '=' STRING )? ')'
?RDFLiteral ::= STRING ( LANGTAG | '^^' iri )?
?NumericLiteral ::= UnsignedNumber | SignedNumber | ( '+' | '-' ) UnsignedNumber
~UnsignedNumber ::= INTEGER | DECIMAL | DOUBLE
~SignedNumber ::= SIGNED
~BooleanLiteral ::= 'TRUE' | 'FALSE'
~iri ::= IRIREF | PNAME_LN | PNAME_NS
~BlankNode ::= BLANK_NODE_LABEL | ANON
"""

#: Functions by the number of their arguments (section 17.4, and 17.4 of SPARQL 1.2).
FUNCTIONS = {
    "NULLARY": "NOW RAND UUID STRUUID",
    "UNARY": (
        "STR LANG LANGDIR DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI YEAR MONTH "
        "DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512 ISIRI ISURI ISBLANK ISLITERAL "
        "ISNUMERIC HASLANG HASLANGDIR ISTRIPLE SUBJECT PREDICATE OBJECT"
    ),
    "BINARY": "LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT SAMETERM ADJUST",
    "TERNARY": "IF STRLANGDIR TRIPLE",
}

#: Functions whose value differs from one evaluation to the next.
VOLATILE = frozenset(("RAND", "NOW", "UUID", "STRUUID", "BNODE"))
