package baize.probe.core;

import java.util.HashSet;
import java.util.Set;

/** One method at whose entry a hook is called. */
final class Point {
    /** Reads an act out of what the method was called with. Runs on the application's thread, before any cost. */
    interface Reading {
        /** What makes two acts the same, an immutable JDK object; null if the act is of no interest. */
        Object key(Object self, Object a, Object b, Object c);

        /** Names and values, one after the other. Called for acts that become events. */
        String[] tell(Object self, Object a, Object b, Object c);
    }

    /** Why a point fails that this version of its class does not have. */
    static final String NO_SUCH_METHOD = "the class has no such method";

    private static final int MOST_PARAMETERS = 3;

    final Hook hook;
    /** Name with dots. */
    final String className;
    final String method;
    /** null: every overload whose first parameter is a String. */
    final String descriptor;
    final Reading reading;
    /** Which parameters are handed over, as a, b, c. */
    final int[] parameters;
    /** Below other points of its hook: an act that those saw on its way is theirs. */
    boolean inner;
    /** Classes of the interpreter of which this is the entrance have this prefix; null if it is none. */
    String engine;
    /** Its place in the catalog's table, which the instrumented method names. */
    int id;

    private final Set<String> classes = new HashSet<>();
    private String failure = "";

    Point(Hook hook, String className, String method, String descriptor, Reading reading, int... parameters) {
        if (parameters.length > MOST_PARAMETERS) {
            throw new IllegalArgumentException(className + "." + method);
        }
        this.hook = hook;
        this.className = className;
        this.method = method;
        this.descriptor = descriptor;
        this.reading = reading;
        this.parameters = parameters;
    }

    Point inner() {
        inner = true;
        return this;
    }

    Point engine(String prefix) {
        engine = prefix;
        return this;
    }

    boolean isOf(String name, String desc) {
        return method.equals(name)
                && (descriptor == null ? desc.startsWith("(Ljava/lang/String;") : descriptor.equals(desc));
    }

    String title() {
        return className + "." + method + (descriptor == null ? "(java.lang.String, ...)" : descriptor);
    }

    /** Notes that the class of this name in a loader calls the hook now. */
    synchronized void instrumented(String loader) {
        classes.add(loader);
        failure = "";
    }

    synchronized void failed(String reason) {
        failure = reason;
    }

    synchronized int classes() {
        return classes.size();
    }

    synchronized String failure() {
        return failure;
    }
}
