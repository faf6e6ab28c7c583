package dev.streamwal.cli;

import dev.streamwal.format.Footer;
import dev.streamwal.format.Positions;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.retention.ExpiryPlan;
import dev.streamwal.source.ChannelCache;
import dev.streamwal.source.PositionsFile;
import dev.streamwal.source.SegmentBytes;
import dev.streamwal.source.SegmentFiles;
import dev.streamwal.source.StreamDirectory;
import dev.streamwal.storage.BootId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of a log, and which of them would go: by what can be read without opening the log for writing. So what recovery would do first
 * is left out, and a live log may have other files the next moment.
 */
final class SegmentInventory {

    /** Of streams only directories are asked for. */
    private static final int OPEN_FILES = 1;

    private final Path root;
    private final StreamDirectory streams;

    SegmentInventory(Path root) {
        this.root = root;
        this.streams = new StreamDirectory(root, new ChannelCache(OPEN_FILES));
    }

    /** The folder of the streams' directories. */
    static Path streamsOf(Path root) {
        return new StreamDirectory(root, new ChannelCache(OPEN_FILES)).path();
    }

    /** A file. */
    record Found(String key, Path file, SegmentName name, long bytes) {}

    /** What a sweep would delete now. */
    List<ExpiryPlan.Deletion> expired(Instant now) throws IOException {
        List<ExpiryPlan.Stream> views = new ArrayList<>();
        for (String key : streams.keys(key -> true)) {
            views.add(new ExpiryPlan.Stream(key, Long.MAX_VALUE, segments(key).stream().map(SegmentInventory::view).toList()));
        }
        return ExpiryPlan.of(now.toEpochMilli(), Long.MAX_VALUE, views);
    }

    /** The newest segment too: a sweep seals it where it has expired. */
    private static ExpiryPlan.Segment view(Found segment) {
        return new ExpiryPlan.Segment(segment.name().basePosition(), segment.name().expirationMillis(), segment.name().expirationMillis(),
                segment.bytes(), true);
    }

    Path fileOf(ExpiryPlan.Deletion deletion) {
        SegmentName name = new SegmentName(deletion.segment().basePosition(), deletion.segment().expirationMillis());
        return streams.of(StreamKey.of(deletion.key())).resolve(name.fileName());
    }

    /** What a purge would delete of a stream. */
    List<Found> over(String key, Instant before) throws IOException {
        List<Found> segments = segments(key);
        List<Found> over = new ArrayList<>();
        for (Found segment : segments) {
            boolean newest = over.size() == segments.size() - 1;
            if (!isOver(segment, before, newest)) {
                break;
            }
            over.add(segment);
        }
        return over;
    }

    private boolean isOver(Found segment, Instant before, boolean newest) throws IOException {
        try (FileChannel channel = FileChannel.open(segment.file(), StandardOpenOption.READ)) {
            SegmentBytes bytes = SegmentBytes.of(channel);
            SegmentHeader header = SegmentFiles.readHeader(bytes, segment.file(), StreamKey.of(segment.key()), segment.name());
            return header.window().endMillis() <= before.toEpochMilli() && !(newest && isAppendedTo(bytes, header));
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    /** Whether a writer that opens the log goes on in the stream's newest segment: it has no footer, and the machine is up since. */
    private boolean isAppendedTo(SegmentBytes bytes, SegmentHeader header) throws IOException {
        Optional<Footer> footer = SegmentFiles.readFooter(bytes, header);
        Optional<Positions> positions = PositionsFile.read(root);
        return footer.isEmpty() && !header.isCut() && positions.isPresent() && positions.get().incarnation() == header.incarnation()
                && BootId.ofThisMachine().equals(Optional.of(positions.get().bootId()));
    }

    /** In order of position. */
    List<Found> segments(String key) throws IOException {
        List<Found> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(streams.of(StreamKey.of(key)))) {
            for (Path file : files) {
                Optional<SegmentName> name = SegmentName.parse(file.getFileName().toString());
                if (name.isPresent()) {
                    found.add(new Found(key, file, name.get(), Files.size(file)));
                }
            }
        } catch (NoSuchFileException e) {
            // deleted meanwhile: that one, or the stream
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        found.sort((a, b) -> a.name().compareTo(b.name()));
        return found;
    }
}
