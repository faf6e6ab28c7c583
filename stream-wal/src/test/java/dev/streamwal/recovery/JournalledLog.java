package dev.streamwal.recovery;

import dev.streamwal.format.FooterLayout;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentIndex;
import dev.streamwal.samples.JournalSamples;
import dev.streamwal.samples.WrittenJournal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A log whose streams were journalled: what should be in its segments, and what is. */
final class JournalledLog {

    final Path root;
    final WrittenJournal journal;

    JournalledLog(Path root) throws IOException {
        this.root = root;
        journal = new WrittenJournal(root).file(0, 4_096);
    }

    /** A segment, and the records that it should have. */
    static final class Content {
        final SegmentHeader header;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final SegmentIndex index = new SegmentIndex();
        private int lastSize;

        Content(String key, long basePosition) {
            header = JournalSamples.header(key, basePosition, key.hashCode() * 31L + basePosition + 1);
            bytes.writeBytes(SegmentHeaderLayout.encode(header).array());
        }

        /** Appends records; returns their frames. */
        byte[] append(int records) {
            int start = end();
            for (int i = 0; i < records; i++) {
                byte[] content = (header.key() + "-" + end() + "-" + "x".repeat(i)).getBytes(StandardCharsets.UTF_8);
                byte[] frame = JournalSamples.record(header, end(), lastSize, content);
                index.add(end(), JournalSamples.WINDOW_START);
                lastSize = frame.length;
                bytes.writeBytes(frame);
            }
            return Arrays.copyOfRange(bytes.toByteArray(), start, end());
        }

        int end() {
            return bytes.size();
        }

        byte[] all() {
            return bytes.toByteArray();
        }

        byte[] sealed() {
            ByteBuffer footer = FooterLayout.encode(header, end(), lastSize, index);
            byte[] all = Arrays.copyOf(all(), end() + footer.remaining());
            footer.get(all, end(), footer.remaining());
            return all;
        }
    }

    Path path(SegmentHeader header) {
        return root.resolve("segments").resolve(header.key().directoryName()).resolve(header.name().fileName());
    }

    Path write(SegmentHeader header, byte[] bytes) throws IOException {
        Path path = path(header);
        Files.createDirectories(path.getParent());
        return Files.write(path, bytes);
    }

    byte[] read(SegmentHeader header) throws IOException {
        return Files.readAllBytes(path(header));
    }

    /** Journals records that are appended now. */
    void commit(Content content, int records) {
        int offset = content.end();
        journal.bytes(content.header, offset, content.append(records)).commit();
    }

    static Map<String, byte[]> files(Path root) {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(root.relativize(file).toString(), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    static void restore(Path root, Map<String, byte[]> files) throws IOException {
        delete(root);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
    }

    private static void delete(Path root) throws IOException {
        List<Path> paths = new ArrayList<>();
        try (Stream<Path> all = Files.walk(root)) {
            all.filter(path -> !path.equals(root)).forEach(path -> paths.add(0, path));
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }
}
