package dev.streamwal.catalog;

import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** A segment that stands in a pack. Its bytes never change; should it be deleted, they stay where they are for a while, and it can't be opened. */
public final class PackedSegment extends Segment {

    private final PackCatalog packs;
    private final PackReader pack;
    private final PackEntry entry;
    private final SegmentHeader header;
    private final FooterCache footers;
    /** Of a segment of the pack's: the table says nothing of what is in it. */
    private final boolean isSlice;

    PackedSegment(StreamKey key, PackCatalog packs, PackReader pack, PackEntry entry, FooterCache footers, Moves moves) {
        this(key, packs, pack, entry, footers, moves, false);
    }

    private PackedSegment(StreamKey key, PackCatalog packs, PackReader pack, PackEntry entry, FooterCache footers, Moves moves,
            boolean isSlice) {
        super(key, new SegmentName(entry.basePosition(), pack.header().expirationMillis()), pack.file(), moves);
        this.isSlice = isSlice;
        this.packs = packs;
        this.pack = pack;
        this.entry = entry;
        this.header = pack.segmentHeader(entry);
        this.footers = footers;
    }

    @Override
    public long listedEnd() {
        return entry.endPosition();
    }

    /**
     * What it has from a position on, at which a record begins, up to another one.
     *
     * @param end of a record, or behind all
     */
    PackedSegment between(long position, long end) {
        if (position == entry.basePosition() && end >= entry.endPosition()) {
            return this;
        }
        return new PackedSegment(key(), packs, pack, entry.between(position, end), footers, moves(), true);
    }

    /** The pack's number. */
    public long packNumber() {
        return pack.number();
    }

    /** What the pack's table says of it. */
    public PackEntry entry() {
        return entry;
    }

    @Override
    protected SegmentReader openHere(ChannelCache channels) throws IOException {
        if (packs.manifest().isVoid(key(), entry.basePosition(), pack.number())) {
            throw new NoSuchFileException(file().toString());
        }
        PackedBytes bytes = pack.open(entry);
        return new SegmentReader(this, header, channels, bytes, bytes::close, footers, false);
    }

    @Override
    public SegmentHeader header(ChannelCache channels) {
        return header;
    }

    @Override
    public long fileOffset(long offset) {
        return entry.fileOffset(offset);
    }

    @Override
    public long bytes() {
        return entry.dataEnd();
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        return SegmentEnd.of(isSlice ? pack.footerOfSlice(entry, bytes) : pack.segmentFooter(entry));
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer known) {
        return true;
    }
}
