package dev.streamwal.catalog;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.format.Footer;
import dev.streamwal.format.SegmentHeader;
import dev.streamwal.format.SegmentHeaderLayout;
import dev.streamwal.format.SegmentName;
import dev.streamwal.format.StreamKey;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.SegmentBytes;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.pack.CatalogedSegment;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFacts;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.pack.TimeSpread;
import dev.streamwal.segment.FooterCache;
import dev.streamwal.segment.Segment;
import dev.streamwal.segment.SegmentEnd;
import dev.streamwal.segment.SegmentReader;
import dev.streamwal.segment.SegmentSummary;
import dev.streamwal.segment.TimeRange;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A segment in a pack. Its bytes never change. A deleted segment can't be opened, though its bytes stay in the pack for a while. If the catalogue
 * of keys has listed the segment, the pack isn't read until a caller asks for more than the segment's beginning and end.
 */
public final class PackedSegment extends Segment {

    private final PackCatalog packs;
    private final ListedPack pack;
    private final long end;
    /** See {@link TimeSpread}. */
    private final long spread;
    private final FooterCache footers;
    /** What the catalogue of keys says about the pack; null if the pack's table was read, so that the {@link #place} is known. */
    private final @Nullable PackFacts facts;
    /** Which block of the table has its entry, as the catalogue of keys says. */
    private final int block;
    private volatile @Nullable Place place;
    /** The {@link Manifest#token} by which it was found to be there; null if no manifest was asked yet. */
    private volatile @Nullable Object thereBy;

    /** Where it is in the pack. The pack's reader isn't kept: a catalog that isn't listed again would keep readers of packs that have gone. */
    private record Place(PackFacts facts, PackEntry entry, SegmentHeader header) {}

    /** As a pack's table has it. */
    static PackedSegment of(StreamKey key, PackCatalog packs, ListedPack pack, PackReader reader, PackEntry entry, FooterCache footers) {
        return new PackedSegment(key, packs, pack, entry.basePosition(), entry.endPosition(), entry.spread(), footers, null, 0, place(reader, entry));
    }

    /** As the catalogue of keys has it. */
    static PackedSegment of(StreamKey key, PackCatalog packs, ListedPack pack, CatalogedSegment segment, PackFacts facts, FooterCache footers) {
        return new PackedSegment(key, packs, pack, segment.basePosition(), segment.endPosition(), segment.spread(), footers, facts,
                segment.block(), null);
    }

    private PackedSegment(StreamKey key, PackCatalog packs, ListedPack pack, long base, long end, long spread, FooterCache footers,
            @Nullable PackFacts facts, int block, @Nullable Place place) {
        super(key, new SegmentName(base, pack.expirationMillis()));
        this.packs = packs;
        this.pack = pack;
        this.end = end;
        this.spread = spread;
        this.footers = footers;
        this.facts = facts;
        this.block = block;
        this.place = place;
    }

    private static Place place(PackReader reader, PackEntry entry) {
        return new Place(reader.facts(), entry, reader.segmentHeader(entry));
    }

    private PackReader reader(Place there) throws IOException {
        return packs.reader(pack, there.facts());
    }

    /**
     * The place in the pack; looked up in the pack's table by the first call.
     *
     * @throws NoSuchFileException if the pack was deleted
     */
    private Place place() throws IOException {
        Place known = place;
        if (known == null) {
            known = placeByCatalog();
            known = known == null ? placeByTable() : known;
            place = known;
        }
        return known;
    }

    /**
     * The place according to the catalogue; null if the segment isn't there. The catalogue is a cache: opening the pack finds out what is wrong, and reports it
     * better.
     */
    private @Nullable Place placeByCatalog() throws IOException {
        PackFacts known = facts;
        if (known == null) {
            return null;
        }
        try {
            PackReader reader = packs.reader(pack, known);
            return place(reader, reader.find(key(), block));
        } catch (CorruptSegmentException e) {
            return null;
        }
    }

    private Place placeByTable() throws IOException {
        PackReader reader = packs.reader(pack);
        Place found = place(reader, reader.find(key()));
        if (found == null) {
            throw new CorruptSegmentException("pack's table lacks a segment that the catalogue of keys lists: stream=" + key()
                    + ", position=" + basePosition() + ", pack=" + file() + ", catalogue=" + PackFiles.keys(packs.root())
                    + "; delete the catalogue, and the log's writer makes a new one", file(), key().text(), basePosition(), 0, 0, null);
        }
        return found;
    }

    private @Nullable Place place(PackReader reader, List<PackEntry> entries) {
        for (PackEntry entry : entries) {
            if (entry.basePosition() == basePosition()) {
                return place(reader, entry);
            }
        }
        return null;
    }

    /** See {@link SegmentHeader#isAfterDamage}. The pack's table is read only if a segment of the pack may be after damage. */
    boolean isAfterDamage() throws IOException {
        Place known = place;
        PackFacts ofPack = known == null ? facts : known.facts();
        return (ofPack == null || ofPack.header().isAfterDamage()) && place().header().isAfterDamage();
    }

    /** Opens the pack, looks the segment up in its table even if the catalogue has its place, and reads the pack's header and the segment's footer. */
    @Override
    public void checkFile() throws IOException {
        Place here = placeByTable();
        packs.reader(pack).checkHeader();
        Footer unused = reader(here).segmentFooter(here.entry());
    }

    @Override
    public Path file() {
        return PackFiles.pack(packs.root(), pack.number());
    }

    @Override
    public long listedEnd() {
        return end;
    }

    @Override
    public boolean isListedOutside(TimeRange range) {
        return !TimeSpread.mayHave(spread, pack.window(), range);
    }

    @Override
    public @Nullable SegmentSummary summary() throws IOException {
        PackEntry entry = place().entry();
        return new SegmentSummary(entry.dataEnd(), entry.records(), end, entry.smallestMillis(), entry.largestMillis());
    }

    /** The pack's number. */
    public long packNumber() {
        return pack.number();
    }

    @Override
    public SegmentReader open(ChannelCache channels) throws IOException {
        return open(channels, packs.manifest());
    }

    /** As {@link #open(ChannelCache)}, if it is there by this manifest. */
    SegmentReader open(ChannelCache channels, Manifest now) throws IOException {
        checkThere(channels, now);
        return openListed(channels);
    }

    /** As {@link #open(ChannelCache)}, for a caller who has listed it during the call that it answers. */
    SegmentReader openListed(ChannelCache channels) throws IOException {
        Place here = place();
        PackedBytes bytes = reader(here).open(here.entry());
        return new SegmentReader(this, here.header(), channels, bytes, bytes::close, footers, false);
    }

    /** Only the manifest tells whether the segment is there: a pack that was deleted may still be open. */
    private void checkThere(ChannelCache channels, Manifest now) throws IOException {
        if (isIn(now)) {
            return;
        }
        if (now.pack(pack.number()).isEmpty()) {
            channels.forget(file());
        }
        throw new NoSuchFileException(file().toString());
    }

    /** Whether the manifest has it. */
    boolean isIn(Manifest manifest) {
        if (manifest.token().equals(thereBy)) {
            return true;
        }
        if (manifest.pack(pack.number()).isEmpty() || manifest.isVoid(key(), basePosition(), pack.number())) {
            return false;
        }
        thereBy = manifest.token();
        return true;
    }

    @Override
    public SegmentHeader header(ChannelCache channels) throws IOException {
        return place().header();
    }

    @Override
    public long fileOffset(long offset) {
        Place known = place;
        return known == null ? 0 : known.entry().fileOffset(offset);
    }

    @Override
    public long bytes() {
        return SegmentHeaderLayout.headerLength(key().utf8Length()) + end - basePosition();
    }

    @Override
    protected SegmentEnd readEnd(SegmentBytes bytes, SegmentHeader read) throws IOException {
        Place here = place();
        try {
            return SegmentEnd.of(reader(here).segmentFooter(here.entry()));
        } catch (CorruptSegmentException | NoSuchFileException e) {
            // the table tells where the data ends, too; only the index by time is missing. A pack that was deleted may still be open
            return SegmentEnd.of(PackReader.ofOneBlock(here.entry()));
        }
    }

    @Override
    protected boolean hasFooter(SegmentBytes bytes, Footer known) {
        return true;
    }
}
