package baize.probe.core;

import java.util.regex.Pattern;

/** What is stable in the names of classes and methods on a stack. */
final class Names {
    /** Packages of the JDK, all of which are below one of these. */
    private static final String[] RUNTIME = {
        "java.", "jdk.", "sun.", "javax.annotation.processing.", "javax.crypto.", "javax.imageio.", "javax.lang.model.",
        "javax.management.", "javax.naming.", "javax.net.", "javax.print.", "javax.rmi.", "javax.script.",
        "javax.security.auth.", "javax.security.cert.", "javax.security.sasl.", "javax.smartcardio.", "javax.sound.",
        "javax.sql.", "javax.swing.", "javax.tools.", "javax.transaction.xa.", "javax.xml.catalog.", "javax.xml.crypto.",
        "javax.xml.datatype.", "javax.xml.namespace.", "javax.xml.parsers.", "javax.xml.stream.", "javax.xml.transform.",
        "javax.xml.validation.", "javax.xml.xpath.", "org.w3c.dom.", "org.xml.sax.", "org.ietf.jgss.", "com.sun.beans.",
        "com.sun.crypto.", "com.sun.imageio.", "com.sun.jarsigner.", "com.sun.java.", "com.sun.jmx.", "com.sun.jndi.",
        "com.sun.management.", "com.sun.media.sound.", "com.sun.naming.", "com.sun.net.httpserver.",
        "com.sun.net.ssl.", "com.sun.nio.", "com.sun.org.apache.", "com.sun.rmi.", "com.sun.rowset.", "com.sun.script.",
        "com.sun.security.", "com.sun.source.", "com.sun.swing.", "com.sun.tools.", "com.sun.xml.internal.",
    };

    /** Where the name of a generated class begins that has a class of the application before it. */
    private static final String[] GENERATED = {
        "$$EnhancerBy", "$$SpringCGLIB$$", "$$FastClassBy", "_$$_jvst", "_$$_javassist", "$HibernateProxy$",
        "$ByteBuddy$", "$MockitoMock$", "$Proxy$_$$_Weld", "$$_Weld",
    };

    private static final Pattern PROXY = Pattern.compile("(.*\\.)?\\$Proxy\\d+");
    private static final Pattern ANONYMOUS = Pattern.compile("\\$\\d+(?=\\$|$)");
    private static final Pattern CLOSURE = Pattern.compile("_closure\\d+");
    private static final Pattern NUMBERED = Pattern.compile("__\\d+");
    private static final Pattern SCRIPT = Pattern.compile("([Ss])cript\\d+$");
    private static final Pattern ORDINAL = Pattern.compile("[$-]\\d+$");
    private static final Pattern CGLIB = Pattern.compile("^CGLIB\\$(.+)\\$\\d+$");
    private static final Pattern ACCESS = Pattern.compile("access\\$\\d+");

    private Names() {}

    static boolean isRuntime(String className) {
        if (isProxy(className)) {
            return false;
        }
        for (String prefix : RUNTIME) {
            if (className.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /** A class that java.lang.reflect.Proxy made. */
    static boolean isProxy(String className) {
        return className.contains("$Proxy") && PROXY.matcher(className).matches();
    }

    /** A class that a known means generated: proxy, enhanced class, lambda, accessor. */
    static boolean isGenerated(String className) {
        return isProxy(className) || className.contains("$$Lambda") || generatedAt(className) >= 0
                || className.contains("reflect.Generated");
    }

    private static int generatedAt(String className) {
        for (String mark : GENERATED) {
            int at = className.indexOf(mark);
            if (at > 0) {
                return at;
            }
        }
        return -1;
    }

    /** The class of the application from which this one was generated, or the name itself. */
    static String origin(String className) {
        int at = generatedAt(className);
        return at < 0 ? className : className.substring(0, at);
    }

    /** A call that is there for technical reasons alone, and differs between compilers and restarts. */
    static boolean isPlumbing(String className, String method) {
        return className.contains("$$Lambda")
                || className.contains("FastClass") && generatedAt(className) >= 0
                || method.startsWith("access$") && ACCESS.matcher(method).matches();
    }

    static String stable(String className, String method) {
        return stableClass(className) + "." + stableMethod(method);
    }

    private static String stableClass(String className) {
        if (isProxy(className)) {
            return "$Proxy";
        }
        int hidden = className.indexOf('/');
        String name = origin(hidden < 0 ? className : className.substring(0, hidden));
        name = ANONYMOUS.matcher(name).replaceAll("\\$#");
        name = CLOSURE.matcher(name).replaceAll("_closure#");
        name = NUMBERED.matcher(name).replaceAll("__#");
        return SCRIPT.matcher(name).replaceAll("$1cript#");
    }

    private static String stableMethod(String method) {
        String name = CGLIB.matcher(method).replaceAll("$1");
        return ORDINAL.matcher(name).replaceAll("");
    }
}
