import java.io.File;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.geneontology.whelk.owlapi.WhelkOWLReasonerFactory;
import org.geneontology.obographs.core.io.OgJsonReader;
import org.geneontology.obographs.core.model.Graph;
import org.obolibrary.robot.CatalogXmlIRIMapper;
import org.obolibrary.robot.CommandLineInterface;
import org.semanticweb.HermiT.Configuration;
import org.semanticweb.HermiT.ReasonerFactory;
import org.semanticweb.elk.owlapi.ElkReasonerFactory;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.formats.RioTurtleDocumentFormat;
import org.semanticweb.owlapi.formats.TurtleDocumentFormat;
import org.semanticweb.owlapi.model.*;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;
import org.semanticweb.owlapi.reasoner.OWLReasoner;
import org.semanticweb.owlapi.reasoner.OWLReasonerFactory;

/** What tests ask the OWL API, the library inside Protégé; run as a single source file. */
public class OwlTools {
    /** Has what was loaded, for all commands of a run. */
    private static final OWLOntologyManager MANAGER = OWLManager.createOWLOntologyManager();

    /** Runs the commands that "then" parts, and parts their answers by a form feed. */
    public static void main(String[] args) throws Exception {
        int start = 0;
        for (int end = 0; end <= args.length; end++)
            if (end == args.length || args[end].equals("then")) {
                if (start > 0) System.out.print('\f');
                run(Arrays.copyOfRange(args, start, end));
                start = end + 1;
            }
    }

    private static void run(String[] args) throws Exception {
        switch (args[0]) {
            case "save": // CATALOG FOLDER FILE...
                for (int i = 3; i < args.length; i++) save(args[1], new File(args[2]), new File(args[i]), null);
                break;
            case "save-with-class": // CATALOG FOLDER CLASS PARENT LABEL FILE...
                for (int i = 6; i < args.length; i++) save(args[1], new File(args[2]), new File(args[i]), args);
                break;
            case "profile": // CATALOG FILE...
                for (int i = 2; i < args.length; i++) {
                    OWLOntology ontology = load(args[1], new File(args[i]));
                    for (OWLProfileViolation v : new OWL2DLProfile().checkOntology(ontology).getViolations())
                        System.out.println(v);
                    System.out.println(new File(args[i]).getName() + "\t" + axioms(ontology));
                }
                break;
            case "classify": // CATALOG FILE HERMIT|ELK|WHELK
                OWLOntology read = load(args[1], new File(args[2]));
                OWLReasoner asked = reasoner(args[3]).createReasoner(read);
                classify(read, asked);
                asked.dispose();
                break;
            case "classify-with-records": // CATALOG RECORDS
                OWLOntology records = load(args[1], new File(args[2]));
                classifyWithRecords(records);
                MANAGER.removeOntology(records); // others have the same name
                break;
            case "load": // FILE...
                for (int i = 1; i < args.length; i++) {
                    OWLOntologyManager own = OWLManager.createOWLOntologyManager();
                    OWLOntologyLoaderConfiguration quiet = new OWLOntologyLoaderConfiguration()
                        .setMissingImportHandlingStrategy(MissingImportHandlingStrategy.SILENT);
                    OWLOntology found = own.loadOntologyFromOntologyDocument(
                        new org.semanticweb.owlapi.io.FileDocumentSource(new File(args[i])), quiet);
                    System.out.println(new File(args[i]).getName() + "\t" + found.getClassesInSignature().size()
                        + "\t" + found.getLogicalAxiomCount() + "\t" + found.getOntologyID().getOntologyIRI().orNull()
                        + "\t" + found.getOntologyID().getVersionIRI().orNull()
                        + "\t" + found.getAnnotations().size());
                }
                break;
            case "obographs": // FILE...
                for (int i = 1; i < args.length; i++) {
                    Graph graph = OgJsonReader.readFile(new File(args[i])).getGraphs().get(0);
                    System.out.println(graph.getNodes().size() + "\t" + graph.getEdges().size()
                        + "\t" + graph.getLogicalDefinitionAxioms().size());
                }
                break;
            case "robot": // what the command line of ROBOT takes
                CommandLineInterface.execute(Arrays.copyOfRange(args, 1, args.length));
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
    }

    private static OWLReasonerFactory reasoner(String name) {
        switch (name) {
            case "ELK": return new ElkReasonerFactory();
            case "WHELK": return new WhelkOWLReasonerFactory();
            default: return new ReasonerFactory();
        }
    }

    /** The ontology in the file and, by the catalog, what it imports; each file is read once. */
    private static OWLOntology load(String catalog, File file) throws Exception {
        if (MANAGER.getIRIMappers().size() == 0)
            MANAGER.getIRIMappers().add(new CatalogXmlIRIMapper(new File(catalog)));
        for (OWLOntology known : MANAGER.getOntologies())
            if (MANAGER.getOntologyDocumentIRI(known).equals(IRI.create(file))) return known;
        return MANAGER.loadOntologyFromOntologyDocument(file);
    }

    private static int axioms(OWLOntology ontology) {
        int number = 0;
        for (OWLOntology one : ontology.getImportsClosure()) number += one.getLogicalAxiomCount();
        return number;
    }

    private static void save(String catalog, File folder, File file, String[] added) throws Exception {
        OWLOntology ontology = load(catalog, file);
        Set<OWLAxiom> extra = added == null ? Set.of() : newClass(added[3], added[4], added[5]);
        MANAGER.addAxioms(ontology, extra);
        // as Protégé does: Turtle, with the prefixes that the file had
        TurtleDocumentFormat turtle = new TurtleDocumentFormat();
        turtle.copyPrefixesFrom(MANAGER.getOntologyFormat(ontology).asPrefixOWLOntologyFormat());
        MANAGER.saveOntology(ontology, turtle, IRI.create(new File(folder, file.getName())));
        // and as other programs on the OWL API do, through its second writer
        MANAGER.saveOntology(ontology, new RioTurtleDocumentFormat(),
            IRI.create(new File(folder, "rio_" + file.getName())));
        MANAGER.removeAxioms(ontology, extra);
    }

    private static Set<OWLAxiom> newClass(String iri, String parent, String label) {
        OWLDataFactory make = MANAGER.getOWLDataFactory();
        OWLClass one = make.getOWLClass(IRI.create(iri));
        return Set.of(
            make.getOWLDeclarationAxiom(one),
            make.getOWLSubClassOfAxiom(one, make.getOWLClass(IRI.create(parent))),
            make.getOWLAnnotationAssertionAxiom(
                make.getRDFSLabel(), one.getIRI(), make.getOWLLiteral(label, "en")));
    }

    private static void classifyWithRecords(OWLOntology ontology) {
        Configuration quiet = new Configuration();
        quiet.ignoreUnsupportedDatatypes = true; // dates, of which OWL 2 has no datatype
        OWLReasoner reasoner = new ReasonerFactory().createReasoner(ontology, quiet);
        classify(ontology, reasoner);
    }

    private static void classify(OWLOntology ontology, OWLReasoner reasoner) {
        if (!reasoner.isConsistent()) {
            System.out.println("inconsistent");
            return;
        }
        Set<String> lines = new TreeSet<>();
        for (OWLClass one : ontology.getClassesInSignature(org.semanticweb.owlapi.model.parameters.Imports.INCLUDED)) {
            if (!reasoner.isSatisfiable(one) && !one.isOWLNothing()) lines.add("unsatisfiable\t" + one.getIRI());
            for (OWLClass other : reasoner.getEquivalentClasses(one).getEntities())
                if (!other.equals(one)) lines.add("equivalent\t" + one.getIRI() + "\t" + other.getIRI());
            for (OWLClass upper : reasoner.getSuperClasses(one, false).getFlattened())
                if (!upper.isOWLThing()) lines.add("below\t" + one.getIRI() + "\t" + upper.getIRI());
        }
        for (String line : lines) System.out.println(line);
    }
}
