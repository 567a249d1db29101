package baize.probe.core;

/** Reads the fields of one protobuf message out of untrusted bytes; every error is a {@link Malformed}. */
final class Reader {
    /** The bytes are no message of the contract. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String what) {
            super(what);
        }
    }

    private final byte[] buffer;
    private final int end;
    private int at;
    private int type;

    Reader(byte[] buffer) {
        this(buffer, 0, buffer.length);
    }

    private Reader(byte[] buffer, int from, int end) {
        this.buffer = buffer;
        this.at = from;
        this.end = end;
    }

    /** The number of the next field, or 0 at the end. Its value must be read, or skipped. */
    int next() throws Malformed {
        if (at == end) {
            return 0;
        }
        long tag = varint();
        type = (int) (tag & 7);
        if (tag >>> 3 == 0 || tag >>> 3 > 0x1fffffff) {
            throw new Malformed("field number " + (tag >>> 3));
        }
        return (int) (tag >>> 3);
    }

    long number() throws Malformed {
        expect(0);
        return varint();
    }

    String text() throws Malformed {
        expect(2);
        int length = length();
        String value = new String(buffer, at, length, Wire.UTF8);
        at += length;
        return value;
    }

    Reader message() throws Malformed {
        expect(2);
        int length = length();
        at += length;
        return new Reader(buffer, at - length, at);
    }

    void skip() throws Malformed {
        switch (type) {
            case 0:
                varint();
                return;
            case 1:
                forward(8);
                return;
            case 2:
                at += length();
                return;
            case 5:
                forward(4);
                return;
            default:
                throw new Malformed("wire type " + type);
        }
    }

    private void forward(int count) throws Malformed {
        if (end - at < count) {
            throw new Malformed("the message ends within a field");
        }
        at += count;
    }

    private void expect(int wanted) throws Malformed {
        if (type != wanted) {
            throw new Malformed("wire type " + type + " instead of " + wanted);
        }
    }

    private int length() throws Malformed {
        long length = varint();
        if (length < 0 || length > end - at) {
            throw new Malformed("the message ends within a field");
        }
        return (int) length;
    }

    private long varint() throws Malformed {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw new Malformed("the message ends within a number");
            }
            byte next = buffer[at++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new Malformed("a number of more than ten bytes");
    }
}
