package baize.probe.core;

import java.util.ArrayList;
import java.util.List;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Puts one static call at the entry of methods. There is no branch in it, so no stack map changes, and nothing
 * that a class has is added, removed or renamed, which retransformation does not allow.
 */
final class Injector {
    private static final String SPY = "java/lang/BaizeSpy";
    private static final String OBJECT = "Ljava/lang/Object;";
    private static final String ENTER = "(I" + OBJECT + OBJECT + OBJECT + OBJECT + ")V";
    private static final int MAJOR_VERSION_AT = 6;
    /** The newest class files that the ASM in this jar reads: Java 26. */
    private static final int NEWEST = 70;

    private Injector() {}

    /** A class with its calls, and where they are. */
    static final class Result {
        final byte[] code;
        final List<Point> points;

        Result(byte[] code, List<Point> points) {
            this.code = code;
            this.points = points;
        }
    }

    /** The class with a call in each method that is one of points; those that it does not have are left out. */
    static Result inject(byte[] code, List<Point> points) {
        List<Point> found = new ArrayList<>();
        int version = major(code);
        ClassReader reader = new ClassReader(version > NEWEST ? withMajor(code, NEWEST) : code);
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        reader.accept(new Methods(writer, points, found), 0);
        byte[] result = writer.toByteArray();
        return new Result(version > NEWEST ? withMajor(result, version) : result, found);
    }

    /** The name, with dots, in a class file; null if it is none. */
    static String nameOf(byte[] code) {
        try {
            return new ClassReader(major(code) > NEWEST ? withMajor(code, NEWEST) : code).getClassName().replace('/', '.');
        } catch (RuntimeException e) {
            return null;
        }
    }

    private static int major(byte[] code) {
        return (code[MAJOR_VERSION_AT] & 0xff) << 8 | code[MAJOR_VERSION_AT + 1] & 0xff;
    }

    private static byte[] withMajor(byte[] code, int major) {
        byte[] copy = code.clone();
        copy[MAJOR_VERSION_AT] = (byte) (major >> 8);
        copy[MAJOR_VERSION_AT + 1] = (byte) major;
        return copy;
    }

    private static final class Methods extends ClassVisitor {
        private final List<Point> points;
        private final List<Point> found;

        Methods(ClassVisitor next, List<Point> points, List<Point> found) {
            super(Opcodes.ASM9, next);
            this.points = points;
            this.found = found;
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String desc, String signature, String[] exceptions) {
            MethodVisitor method = super.visitMethod(access, name, desc, signature, exceptions);
            if ((access & (Opcodes.ACC_ABSTRACT | Opcodes.ACC_NATIVE)) != 0) {
                return method;
            }
            for (Point point : points) {
                if (point.isOf(name, desc)) {
                    found.add(point);
                    return new Entry(method, point, (access & Opcodes.ACC_STATIC) != 0, desc);
                }
            }
            return method;
        }
    }

    private static final class Entry extends MethodVisitor {
        private final Point point;
        private final boolean isStatic;
        private final Type[] types;

        Entry(MethodVisitor next, Point point, boolean isStatic, String desc) {
            super(Opcodes.ASM9, next);
            this.point = point;
            this.isStatic = isStatic;
            this.types = Type.getArgumentTypes(desc);
        }

        @Override
        public void visitCode() {
            super.visitCode();
            super.visitLdcInsn(point.id);
            // Before the constructor of the superclass has run there is no receiver to hand over.
            if (isStatic || point.method.equals("<init>")) {
                super.visitInsn(Opcodes.ACONST_NULL);
            } else {
                super.visitVarInsn(Opcodes.ALOAD, 0);
            }
            for (int i = 0; i < 3; i++) {
                if (i < point.parameters.length) {
                    super.visitVarInsn(Opcodes.ALOAD, slot(point.parameters[i]));
                } else {
                    super.visitInsn(Opcodes.ACONST_NULL);
                }
            }
            super.visitMethodInsn(Opcodes.INVOKESTATIC, SPY, "enter", ENTER, false);
        }

        private int slot(int parameter) {
            int slot = isStatic ? 0 : 1;
            for (int i = 0; i < parameter; i++) {
                slot += types[i].getSize();
            }
            return slot;
        }
    }
}
