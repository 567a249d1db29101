package baize.probe.core;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Writes protobuf messages. By hand, because the contract is small and a library of that name is often in the
 * application already. Fields that have their default are left out, as proto3 does.
 */
final class Wire {
    static final Charset UTF8 = StandardCharsets.UTF_8;
    private static final int VARINT = 0;
    private static final int BYTES = 2;

    private byte[] buffer = new byte[256];
    private int length;

    byte[] bytes() {
        byte[] copy = new byte[length];
        System.arraycopy(buffer, 0, copy, 0, length);
        return copy;
    }

    int size() {
        return length;
    }

    /** Varint of the 64 bits as they are: fits every integer type of the contract. */
    Wire number(int field, long value) {
        if (value != 0) {
            varint((long) field << 3 | VARINT);
            varint(value);
        }
        return this;
    }

    Wire flag(int field, boolean value) {
        return number(field, value ? 1 : 0);
    }

    Wire text(int field, String value) {
        if (value != null && !value.isEmpty()) {
            raw(field, value.getBytes(UTF8));
        }
        return this;
    }

    /** A repeated string: written also when it is empty. */
    Wire texts(int field, Iterable<String> values) {
        for (String value : values) {
            raw(field, value.getBytes(UTF8));
        }
        return this;
    }

    /** A message: written also when it is empty. */
    Wire message(int field, Wire value) {
        varint((long) field << 3 | BYTES);
        varint(value.length);
        append(value.buffer, value.length);
        return this;
    }

    private void raw(int field, byte[] value) {
        varint((long) field << 3 | BYTES);
        varint(value.length);
        append(value, value.length);
    }

    private void append(byte[] from, int count) {
        room(count);
        System.arraycopy(from, 0, buffer, length, count);
        length += count;
    }

    private void varint(long value) {
        room(10);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            buffer[length++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        buffer[length++] = (byte) rest;
    }

    private void room(int count) {
        if (length + count > buffer.length) {
            byte[] larger = new byte[Math.max(buffer.length * 2, length + count)];
            System.arraycopy(buffer, 0, larger, 0, length);
            buffer = larger;
        }
    }

    /** text, cut to at most limit characters with U+2026 at its end. */
    static String cut(String text, int limit) {
        if (text == null || text.length() <= limit) {
            return text;
        }
        int end = limit - 1;
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + '\u2026';
    }
}
