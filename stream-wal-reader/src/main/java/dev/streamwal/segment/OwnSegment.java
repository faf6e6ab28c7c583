package dev.streamwal.segment;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.io.SharedFile;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A segment with a file of its own, whose name says where the segment begins and when it expires. */
public final class OwnSegment extends Segment {

    private final Path file;
    private final FooterCache footers;

    private volatile @Nullable SegmentHeader header;
    /** {@link SharedFile#version} of the file that was opened last; null before. */
    private volatile @Nullable Object version;

    /** While it has no footer; dropped if the heap is full, and then read again. */
    private volatile SoftReference<IndexSoFar> index = new SoftReference<>(null);

    /** @param footers the cache of the log's footers */
    public OwnSegment(StreamKey key, SegmentName name, Path file, FooterCache footers) {
        super(key, name);
        this.file = file;
        this.footers = footers;
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public SegmentReader open(ChannelCache channels) throws IOException {
        SharedFile bytes = channels.acquire(file);
        if (key().equals(StreamKey.SHARED)) {
            // a bad sector must not hide the records that other streams have in the file
            SharedFile unused = bytes.aroundBadSectors();
        }
        try {
            forgetFooterOfAnother(bytes);
            SegmentHeader known = header;
            SegmentHeader read = known == null ? SegmentFiles.readHeader(bytes, file, key(), name()) : known;
            header = read;
            SegmentReader reader = new SegmentReader(this, read, channels, bytes, bytes::close, footers, known == null);
            if (channels.isMapping() && reader.end().isFinal()) {
                bytes.map();
            }
            return reader;
        } catch (IOException | RuntimeException | Error e) {
            bytes.close();
            throw e;
        }
    }

    /**
     * A segment from which records were erased is in another file, with another footer. The version is set before the footer is looked at: a reader that has
     * the file before open, and reads that one's footer now, looks at the version after it has the footer kept.
     */
    private void forgetFooterOfAnother(SharedFile opened) {
        Object now = opened.version();
        if (!Objects.equals(now, version)) {
            version = now;
            Footer known = knownFooter();
            if (known != null) {
                forget(known);
            }
        }
    }

    @Override
    protected boolean isOf(SegmentBytes bytes) {
        return bytes instanceof SharedFile opened && Objects.equals(opened.version(), version);
    }

    @Override
    public SegmentHeader header(ChannelCache channels) throws IOException {
        SegmentHeader known = header;
        if (known != null) {
            return known;
        }
        try (SegmentReader reader = open(channels)) {
            return reader.header();
        }
    }

    @Override
    public long fileOffset(long offset) {
        return offset;
    }

    @Override
    public long bytes() throws IOException {
        return Files.size(file);
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        return SegmentEnd.read(bytes, read);
    }

    @Override
    protected TimeSpan spanOf(SegmentBytes bytes, TimeRange range) {
        return indexSoFar().spanOf(range);
    }

    @Override
    public IndexSoFar indexSoFar() {
        IndexSoFar known = index.get();
        return known == null ? IndexSoFar.none(SegmentHeaderLayout.headerLength(key().utf8Length())) : known;
    }

    @Override
    public synchronized void keep(IndexSoFar added) {
        if (indexSoFar().end() < added.end()) {
            index = new SoftReference<>(added);
        }
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer known) throws IOException {
        return SegmentEnd.isThere(bytes, known);
    }
}
