package dev.streamwal.reader;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes nano-wal 1.0 files by the plainest code there is, without anything of the library. */
public final class NanoWalFiles {

    private NanoWalFiles() {}

    public static Path path(Path directory, String prefix, long expiration) {
        return directory.resolve(prefix + "_" + expiration + ".seg");
    }

    public static Path write(Path directory, String prefix, long expiration, byte[]... records) throws IOException {
        Path file = path(directory, prefix, expiration);
        Files.write(file, header(expiration));
        append(file, records);
        return file;
    }

    public static byte[] header(long expiration) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).put(bytes("NANO-LOG")).putLong(expiration).array();
    }

    public static void append(Path file, byte[]... records) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] record : records) {
            all.write(record);
        }
        Files.write(file, all.toByteArray(), StandardOpenOption.APPEND);
    }

    public static byte[] record(String header, String content) {
        return record(bytes(header), bytes(content));
    }

    public static byte[] record(byte[] header, byte[] content) {
        return ByteBuffer.allocate(16 + header.length + content.length).order(ByteOrder.LITTLE_ENDIAN)
                .put(bytes("NANORC")).putShort((short) header.length).putLong(content.length).put(header).put(content).array();
    }

    /** As nano-wal 0.5 framed it: with the content length behind the header. */
    public static byte[] olderRecord(byte[] header, byte[] content) {
        return ByteBuffer.allocate(16 + header.length + content.length).order(ByteOrder.LITTLE_ENDIAN)
                .put(bytes("NANORC")).putShort((short) header.length).put(header).putLong(content.length).put(content).array();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
