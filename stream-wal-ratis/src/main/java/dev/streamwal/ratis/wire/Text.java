package dev.streamwal.ratis.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Texts and bytes behind their length. A length beyond what is there allocates nothing. */
public final class Text {

    private Text() {}

    public static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** How many bytes a text without lone surrogates has. */
    public static int utf8Length(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            bytes += each < 0x80 ? 1 : each < 0x800 || Character.isSurrogate(each) ? 2 : 3; // two surrogates have four
        }
        return bytes;
    }

    public static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = bytes(text);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    public static String read(DataInputStream source) throws IOException {
        return new String(readBytes(source), UTF_8);
    }

    public static void writeBytes(DataOutputStream out, ByteBuffer bytes) throws IOException {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        out.writeInt(copy.length);
        out.write(copy);
    }

    public static byte[] readBytes(DataInputStream source) throws IOException {
        return source.readNBytes(readCount(source));
    }

    /** A number of bytes or of things of at least one byte that follow. */
    public static int readCount(DataInputStream source) throws IOException {
        int count = source.readInt();
        if (count < 0 || count > source.available()) {
            throw new EOFException("a message ends before what it says it has: count=" + count + ", left=" + source.available());
        }
        return count;
    }
}
