package baize.probe.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All hooks and their points. A catalog holds counters, so each load of the probe makes its own. */
final class Catalog {
    private static final String STRING = "Ljava/lang/String;";
    private static final String FILE = "Ljava/io/File;";
    private static final String PATH = "Ljava/nio/file/Path;";
    private static final String ADDRESS = "Ljava/net/SocketAddress;";
    private static final String PROVIDER = "sun.nio.fs.UnixFileSystemProvider";

    final Map<String, Hook> hooks = new LinkedHashMap<>();
    final List<Point> points = new ArrayList<>();
    /** Called by the transformer, not by an instrumented method: classes without a code source. */
    final Point defined;

    private final Map<String, List<Point>> byClass = new HashMap<>();
    private Hook current;

    Catalog() {
        process();
        files();
        network();
        requests();
        naming();
        interpreters();
        defined = classes();
        libraries();
        databases();
        for (Point point : points) {
            if (point != defined) {
                byClass.computeIfAbsent(point.className, name -> new ArrayList<>()).add(point);
            }
        }
    }

    Point[] table() {
        return points.toArray(new Point[0]);
    }

    /** The points of the class of this name (with dots). */
    List<Point> pointsOf(String className) {
        return byClass.getOrDefault(className, Collections.emptyList());
    }

    /** Whether class.method is a point of hook. */
    boolean isPoint(Hook hook, String className, String method) {
        for (Point point : pointsOf(className)) {
            if (point.hook == hook && point.method.equals(method)) {
                return true;
            }
        }
        return false;
    }

    private void hook(String name, boolean breadcrumb) {
        current = new Hook(name, breadcrumb);
        hooks.put(name, current);
    }

    private Point at(String className, String method, String descriptor, Point.Reading reading, int... parameters) {
        Point point = new Point(current, className, method, descriptor, reading, parameters);
        point.id = points.size();
        points.add(point);
        return point;
    }

    private void process() {
        hook("process.start", false);
        String start =
                "([" + STRING + "Ljava/util/Map;" + STRING + "[Ljava/lang/ProcessBuilder$Redirect;Z)Ljava/lang/Process;";
        at("java.lang.ProcessImpl", "start", start, Readings.command(), 0, 2);
        // Below start, for who calls it by reflection.
        at("java.lang.ProcessImpl", "<init>", "([B[BI[BI[B[IZZ)V", Readings.rawCommand(), 0, 1, 5).inner();
        at("java.lang.UNIXProcess", "<init>", "([B[BI[BI[B[IZ)V", Readings.rawCommand(), 0, 1, 5).inner();
    }

    private void files() {
        hook("file.open", false);
        at("java.io.FileInputStream", "<init>", "(" + FILE + ")V", Readings.open("r"), 0);
        at("java.io.FileOutputStream", "<init>", "(" + FILE + "Z)V", Readings.open("w"), 0);
        at("java.io.RandomAccessFile", "<init>", "(" + FILE + STRING + ")V", Readings.openWith(), 0, 1);
        provider("newByteChannel", PATH + "Ljava/util/Set;", "SeekableByteChannel;");
        provider("newFileChannel", PATH + "Ljava/util/Set;", "FileChannel;");
        String async = PATH + "Ljava/util/Set;Ljava/util/concurrent/ExecutorService;";
        provider("newAsynchronousFileChannel", async, "AsynchronousFileChannel;");
        String twoPaths = "(" + PATH + PATH + "[Ljava/nio/file/CopyOption;)V";
        at(PROVIDER, "copy", twoPaths, Readings.copy(), 0, 1);

        hook("file.delete", false);
        at("java.io.File", "delete", "()Z", Readings.path());
        at(PROVIDER, "implDelete", "(" + PATH + "Z)Z", Readings.path(), 0);

        hook("file.rename", false);
        at("java.io.File", "renameTo", "(" + FILE + ")Z", Readings.renameTo(), 0);
        at(PROVIDER, "move", twoPaths, Readings.move(), 0, 1);

        hook("file.list", false);
        at("java.io.File", "list", "()[" + STRING, Readings.path());
        // From Java 12 on listFiles() goes by here and not by list().
        at("java.io.File", "normalizedList", "()[" + STRING, Readings.path()).inner();
        String listing = "(" + PATH + "Ljava/nio/file/DirectoryStream$Filter;)Ljava/nio/file/DirectoryStream;";
        at(PROVIDER, "newDirectoryStream", listing, Readings.path(), 0);
    }

    private void provider(String method, String parameters, String channel) {
        String descriptor =
                "(" + parameters + "[Ljava/nio/file/attribute/FileAttribute;)Ljava/nio/channels/" + channel;
        at(PROVIDER, method, descriptor, Readings.openWith(), 0, 1);
    }

    private void network() {
        Point.Reading tcp = Readings.address("tcp");
        hook("network.connect", false);
        at("java.net.Socket", "connect", "(" + ADDRESS + "I)V", tcp, 0);
        at("sun.nio.ch.SocketChannelImpl", "connect", "(" + ADDRESS + ")Z", tcp, 0).inner();
        at("sun.nio.ch.SocketChannelImpl", "blockingConnect", "(" + ADDRESS + "J)V", tcp, 0).inner();
        String async =
                "(" + ADDRESS + "Ljava/lang/Object;Ljava/nio/channels/CompletionHandler;)Ljava/util/concurrent/Future;";
        at("sun.nio.ch.UnixAsynchronousSocketChannelImpl", "implConnect", async, tcp, 0);

        hook("network.bind", false);
        at("java.net.ServerSocket", "bind", "(" + ADDRESS + "I)V", tcp, 0);
        String bind = "(" + ADDRESS + "I)Ljava/nio/channels/ServerSocketChannel;";
        at("sun.nio.ch.ServerSocketChannelImpl", "bind", bind, tcp, 0).inner();

        Point.Reading udp = Readings.address("udp");
        String packet = "(Ljava/net/DatagramPacket;)V";
        hook("network.send", false);
        at("java.net.DatagramSocket", "send", packet, udp, 0);
        at("sun.nio.ch.DatagramSocketAdaptor", "send", packet, udp, 0).inner();
        at("sun.nio.ch.DatagramChannelImpl", "send", "(Ljava/nio/ByteBuffer;" + ADDRESS + ")I", udp, 1).inner();

        hook("dns.resolve", false);
        String resolve = "(" + STRING + ")[Ljava/net/InetAddress;";
        at("java.net.InetAddress", "getAllByName", resolve, Readings.host(), 0);
    }

    private void requests() {
        String old = "sun.net.www.protocol.http.HttpURLConnection";
        String client = "jdk.internal.net.http.HttpClientImpl";
        String request = "(Ljava/net/http/HttpRequest;Ljava/net/http/HttpResponse$BodyHandler;";
        String push = request + "Ljava/net/http/HttpResponse$PushPromiseHandler;)";
        String future = "Ljava/util/concurrent/CompletableFuture;";
        hook("http.request", false);
        at(old, "plainConnect", "()V", Readings.connection());
        at(old, "followRedirect0", "(" + STRING + "ILjava/net/URL;)Z", Readings.redirect(), 2);
        at(client, "send", request + ")Ljava/net/http/HttpResponse;", Readings.request(), 0);
        at(client, "sendAsync", request + ")" + future, Readings.request(), 0);
        at(client, "sendAsync", push + future, Readings.request(), 0).inner();
    }

    private void naming() {
        String lookup = "(" + STRING + ")Ljava/lang/Object;";
        hook("jndi.lookup", false);
        at("javax.naming.InitialContext", "lookup", lookup, Readings.text("name"), 0).engine("javax.naming.");
        at("com.sun.jndi.toolkit.url.GenericURLContext", "lookup", lookup, Readings.text("name"), 0)
                .engine("com.sun.jndi.")
                .inner();
        String method = "getObjectFactoryFromReference";
        String reference = "(Ljavax/naming/Reference;" + STRING;
        String factory = ")Ljavax/naming/spi/ObjectFactory;";
        at("javax.naming.spi.NamingManager", method, reference + factory, Readings.text("factory"), 1);
        String helper = reference + "Ljava/util/function/Predicate;" + factory;
        at("com.sun.naming.internal.NamingManagerHelper", method, helper, Readings.text("factory"), 1);
    }

    private void interpreters() {
        hook("deserialize", true);
        at("java.io.ObjectInputStream", "filterCheck", "(Ljava/lang/Class;I)V", Readings.type(), 0)
                .engine("java.io.ObjectInputStream");

        hook("expression", true);
        language("script", "javax.script.", "javax.script.AbstractScriptEngine", "eval");
        language("ognl", "ognl.", "ognl.Ognl", "parseExpression");
        String spring = "org.springframework.expression.";
        language("spel", spring, spring + "common.TemplateAwareExpressionParser", "parseExpression");
        language("mvel", "org.mvel2.", "org.mvel2.MVEL", "eval");
        language("mvel", "org.mvel2.", "org.mvel2.MVEL", "compileExpression");
        language("groovy", "groovy.", "groovy.lang.GroovyShell", "evaluate");
        language("groovy", "groovy.", "groovy.lang.GroovyClassLoader", "parseClass");
        language("jshell", "jdk.jshell.", "jdk.jshell.JShell", "eval");
        unified("javax");
        unified("jakarta");
    }

    private void language(String language, String engine, String className, String method) {
        at(className, method, null, Readings.expression(language), 0).inner().engine(engine);
    }

    /** The unified expression language of servlet containers, under its old and its new package. */
    private void unified(String root) {
        String descriptor = "(L" + root + "/el/ELContext;" + STRING + "Ljava/lang/Class;)L" + root + "/el/ValueExpression;";
        at("org.apache.el.ExpressionFactoryImpl", "createValueExpression", descriptor, Readings.expression("el"), 1)
                .engine("org.apache.el.");
    }

    private Point classes() {
        hook("class.define", false);
        String lookup = "java.lang.invoke.MethodHandles$Lookup";
        String end = "Z[Ljava/lang/invoke/MethodHandles$Lookup$ClassOption;)L" + lookup.replace('.', '/') + ";";
        Point.Reading hidden = Readings.bytes("hidden class");
        // Transformers are not asked about hidden classes.
        at(lookup, "defineHiddenClass", "([B" + end, hidden, 0);
        at(lookup, "defineHiddenClassWithClassData", "([BLjava/lang/Object;" + end, hidden, 0);
        at(
                "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl",
                "defineTransletClasses",
                "()V",
                Readings.defining("classes within an XSLT template"));
        return at("java.lang.ClassLoader", "defineClass", "", Readings.defined());
    }

    private void libraries() {
        String load = "(Ljava/lang/Class;" + STRING + ")V";
        hook("library.load", false);
        at("java.lang.Runtime", "load0", load, Readings.text("library"), 1);
        at("java.lang.Runtime", "loadLibrary0", load, Readings.text("library"), 1);
    }

    private void databases() {
        hook("sql.execute", false);
        driver("org.h2.jdbc.JdbcStatement", "org.h2.jdbc.JdbcConnection");
        driver("com.mysql.cj.jdbc.StatementImpl", "com.mysql.cj.jdbc.ConnectionImpl");
        driver("com.mysql.jdbc.StatementImpl", "com.mysql.jdbc.ConnectionImpl");
        driver("org.postgresql.jdbc.PgStatement", "org.postgresql.jdbc.PgConnection");
        driver("org.mariadb.jdbc.Statement", "org.mariadb.jdbc.Connection");
        driver("org.mariadb.jdbc.MariaDbStatement", "org.mariadb.jdbc.MariaDbConnection");
        driver("org.sqlite.jdbc3.JDBC3Statement", "org.sqlite.jdbc3.JDBC3Connection");
        driver("org.hsqldb.jdbc.JDBCStatement", "org.hsqldb.jdbc.JDBCConnection");
        driver("oracle.jdbc.driver.OracleStatement", "oracle.jdbc.driver.PhysicalConnection");
        driver("com.microsoft.sqlserver.jdbc.SQLServerStatement", "com.microsoft.sqlserver.jdbc.SQLServerConnection");
    }

    /** A statement is seen where its text is: when it is executed, or prepared. Overloads call one another. */
    private void driver(String statement, String connection) {
        for (String method : new String[] {"execute", "executeQuery", "executeUpdate", "executeLargeUpdate", "addBatch"}) {
            at(statement, method, null, Readings.sql(), 0).inner();
        }
        for (String method : new String[] {"prepareStatement", "prepareCall"}) {
            at(connection, method, null, Readings.sql(), 0).inner();
        }
    }
}
