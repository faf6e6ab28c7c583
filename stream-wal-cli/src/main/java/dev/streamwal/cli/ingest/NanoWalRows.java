package dev.streamwal.cli.ingest;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.NanoWalLayout;
import dev.streamwal.format.NanoWalName;
import dev.streamwal.format.NanoWalPosition;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The records of a directory of nano-wal files, one prefix after the other, each in order. Damage ends a file, and reading continues with the next
 * one; an overwritten header or content goes unnoticed, as there are no checksums.
 */
public final class NanoWalRows implements Rows {

    private final WalReader reader;
    private final Path directory;
    private final Optional<Duration> retention;
    /** By prefix, in the order of the reader's numbers. */
    private final Map<String, List<NanoWalName>> files;
    private final Iterator<String> keys;
    private @Nullable EntryCursor cursor;
    private long bytesRead;

    private NanoWalRows(WalReader reader, Path directory, Optional<Duration> retention, Map<String, List<NanoWalName>> files) {
        this.reader = reader;
        this.directory = directory;
        this.retention = retention;
        this.files = files;
        this.keys = files.keySet().iterator();
    }

    /**
     * The caller closes them.
     *
     * @param retention how long files were kept after their windows, so that their expirations tell when those ended; empty: records have no time
     * @throws IOException if files are created or deleted meanwhile
     */
    public static NanoWalRows open(Path directory, Optional<Duration> retention) throws IOException {
        Map<String, List<NanoWalName>> files = list(directory);
        WalReader reader = WalReader.openNanoWal(directory);
        // the reader lists them now, and numbers them
        if (!reader.keys().equals(files.keySet()) || !list(directory).equals(files)) {
            reader.close();
            throw changed(directory);
        }
        return new NanoWalRows(reader, directory, retention, files);
    }

    private static IOException changed(Path directory) {
        return new IOException("nano-wal files were created or deleted during the import: directory=" + directory
                + "; try again, or import a copy");
    }

    private static Map<String, List<NanoWalName>> list(Path directory) throws IOException {
        Map<String, List<NanoWalName>> found = new TreeMap<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
            for (Path path : paths) {
                NanoWalName.parse(path.getFileName().toString())
                        .ifPresent(name -> found.computeIfAbsent(name.prefix(), prefix -> new ArrayList<>()).add(name));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        found.values().forEach(names -> names.sort(null));
        return found;
    }

    /** Whether a directory has no nano-wal file, by the files' names. */
    public static boolean isNone(Path directory) throws IOException {
        return list(directory).isEmpty();
    }

    public static long bytes(Path directory) throws IOException {
        long bytes = 0;
        for (List<NanoWalName> names : list(directory).values()) {
            for (NanoWalName name : names) {
                bytes += Files.size(directory.resolve(name.fileName()));
            }
        }
        return bytes;
    }

    @Override
    public @Nullable Row next() throws IOException {
        try {
            while (cursor == null || !cursor.next()) {
                closeCursor();
                if (!keys.hasNext()) {
                    return null;
                }
                cursor = reader.scan(keys.next());
            }
            return row(cursor);
        } catch (CorruptSegmentException e) {
            throw new BadRowException(String.valueOf(e.getMessage()), e);
        }
    }

    private Row row(EntryCursor at) throws IOException {
        byte[] header = ByteBufUtil.getBytes(at.header());
        byte[] content = ByteBufUtil.getBytes(at.content());
        bytesRead += NanoWalLayout.PREFIX_BYTES + header.length + content.length;
        return new Row("record=" + at.ref(), at.key(), time(at), header, content);
    }

    private RowTime time(EntryCursor at) throws IOException {
        if (retention.isEmpty()) {
            return RowTime.NONE;
        }
        List<NanoWalName> names = files.getOrDefault(at.key(), List.of());
        int ordinal = NanoWalPosition.ordinal(at.position());
        if (ordinal >= names.size()) {
            throw changed(directory);
        }
        return new RowTime(OptionalLong.of(names.get(ordinal).expirationMillis() - retention.get().toMillis() - 1), true, "");
    }

    private void closeCursor() {
        EntryCursor open = cursor;
        cursor = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public long bytesRead() {
        return bytesRead;
    }

    @Override
    public void close() {
        closeCursor();
        reader.close();
    }
}
