package dev.streamwal.recovery;

import dev.streamwal.commit.DurableFrontier;
import dev.streamwal.commit.DurableFrontier.Truncation;
import dev.streamwal.commit.FrontierSegment;
import dev.streamwal.format.Footer;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.source.StreamDirectory;
import dev.streamwal.storage.DirectoryForce;
import dev.streamwal.storage.SegmentFile;
import dev.streamwal.storage.SegmentStorage;
import dev.streamwal.storage.StorageBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Deletes and cuts again what the journal says was deleted and cut; what is gone already stays gone. */
final class CutRedo {

    private final SegmentStorage storage;
    private final StreamDirectory streams;
    private final DurableFrontier durable;
    private int deleted;
    private int cut;

    /** @param durable is told of segments that lose their footer */
    CutRedo(SegmentStorage storage, StreamDirectory streams, DurableFrontier durable) {
        this.storage = storage;
        this.streams = streams;
        this.durable = durable;
    }

    void run(JournalledCuts cuts) throws IOException {
        for (Map.Entry<StreamKey, Long> entry : cuts.deletedBelow().entrySet()) {
            deleteBelow(entry.getKey(), entry.getValue());
        }
        for (Map.Entry<StreamKey, List<Truncation>> entry : cuts.truncations().entrySet()) {
            for (Truncation truncation : entry.getValue()) {
                truncate(entry.getKey(), truncation);
            }
        }
    }

    int deleted() {
        return deleted;
    }

    int cut() {
        return cut;
    }

    private void deleteBelow(StreamKey key, long position) throws IOException {
        Path directory = streams.of(key);
        TreeSet<SegmentName> names = names(directory);
        delete(directory, names, names.headSet(new SegmentName(position, 0), false));
    }

    /** @param doomed a view of {@code names} */
    private void delete(Path directory, TreeSet<SegmentName> names, Set<SegmentName> doomed) throws IOException {
        if (doomed.isEmpty()) {
            return;
        }
        for (SegmentName name : doomed) {
            deleted += storage.delete(directory.resolve(name.fileName())) ? 1 : 0;
        }
        doomed.clear();
        DirectoryForce.force(directory);
        if (names.isEmpty() && storage.deleteDirectoryIfEmpty(directory)) {
            DirectoryForce.force(streams.path());
        }
    }

    private void truncate(StreamKey key, Truncation truncation) throws IOException {
        Path directory = streams.of(key);
        TreeSet<SegmentName> names = names(directory);
        SegmentName from = new SegmentName(truncation.from(), 0);
        SegmentName last = names.lower(from);
        delete(directory, names, names.subSet(from, true, new SegmentName(truncation.to(), 0), false));
        if (last != null) {
            cutAt(key, directory.resolve(last.fileName()), truncation.from());
        }
    }

    /** Cuts what stands at the position and behind it; a footer goes with that, but one that was written since stays. */
    private void cutAt(StreamKey key, Path path, long position) throws IOException {
        try (SegmentFile file = storage.open(path)) {
            Optional<SegmentHeader> read = header(file, key);
            if (read.isEmpty()) {
                // the stream's recovery will tell of it
                return;
            }
            SegmentHeader header = read.get();
            long end = header.offsetOf(position);
            Optional<Footer> footer = SegmentFiles.readFooter(StorageBytes.of(file), header);
            boolean isCutAlready = footer.isPresent() ? footer.get().dataEnd() <= end : file.length() <= end;
            if (isCutAlready) {
                return;
            }
            if (Integer.toUnsignedLong(header.mark()) >= end) {
                file.write(SegmentHeaderLayout.MARK, ByteBuffer.allocate(Integer.BYTES));
            }
            if (footer.isPresent()) {
                // without its footer nothing else tells that what is left of it is durable
                durable.raise(new FrontierSegment(key, header.basePosition(), header.salt(), (int) end));
            }
            file.truncate(end);
            file.force();
            cut++;
        }
    }

    private static Optional<SegmentHeader> header(SegmentFile file, StreamKey key) throws IOException {
        ByteBuffer first = ByteBuffer.allocate(SegmentHeaderLayout.MAX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try {
            return Optional.of(SegmentHeaderLayout.decode(first, file.read(0, first))).filter(header -> header.key().equals(key));
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    private static TreeSet<SegmentName> names(Path directory) throws IOException {
        TreeSet<SegmentName> names = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                SegmentName.parse(file.getFileName().toString()).ifPresent(names::add);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return names;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }
}
