package baize.probe.core;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Which overload a frame is in: a stack has names and lines alone. Read from the class's file, not by
 * reflection, which would load the types of the application's methods. The probe's thread alone.
 */
final class Descriptors {
    private static final int MOST_CLASSES = 512;

    private static final class Body {
        final String method;
        final String descriptor;
        int first = Integer.MAX_VALUE;
        int last;

        Body(String method, String descriptor) {
            this.method = method;
            this.descriptor = descriptor;
        }
    }

    private final Map<String, List<Body>> classes = new HashMap<>();

    /** The descriptor, or empty if it is not certain. */
    String of(Class<?> type, String method, int line) {
        if (type == null || type.getClassLoader() == null) {
            return "";
        }
        String key = type.getName() + "@" + System.identityHashCode(type);
        List<Body> bodies = classes.get(key);
        if (bodies == null) {
            bodies = read(type);
            if (classes.size() >= MOST_CLASSES) {
                classes.clear();
            }
            classes.put(key, bodies);
        }
        return choose(bodies, method, line);
    }

    private static String choose(List<Body> bodies, String method, int line) {
        List<Body> named = new ArrayList<>();
        List<Body> within = new ArrayList<>();
        for (Body body : bodies) {
            if (body.method.equals(method)) {
                named.add(body);
                if (body.first <= line && line <= body.last) {
                    within.add(body);
                }
            }
        }
        List<Body> fit = named.size() == 1 ? named : within;
        return fit.size() == 1 ? fit.get(0).descriptor : "";
    }

    private static List<Body> read(Class<?> type) {
        final List<Body> bodies = new ArrayList<>();
        String file = type.getName().replace('.', '/') + ".class";
        try (InputStream in = type.getClassLoader().getResourceAsStream(file)) {
            if (in != null) {
                new ClassReader(Spy.read(in)).accept(new Bodies(bodies), ClassReader.SKIP_FRAMES);
            }
        } catch (IOException | RuntimeException | LinkageError e) {
            bodies.clear();
        }
        return bodies;
    }

    private static final class Bodies extends ClassVisitor {
        private final List<Body> bodies;

        Bodies(List<Body> bodies) {
            super(Opcodes.ASM9);
            this.bodies = bodies;
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String desc, String signature, String[] exceptions) {
            final Body body = new Body(name, desc);
            bodies.add(body);
            return new MethodVisitor(Opcodes.ASM9) {
                @Override
                public void visitLineNumber(int line, Label start) {
                    body.first = Math.min(body.first, line);
                    body.last = Math.max(body.last, line);
                }
            };
        }
    }
}
