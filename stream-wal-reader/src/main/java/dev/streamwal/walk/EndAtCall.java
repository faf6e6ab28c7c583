package dev.streamwal.walk;

import dev.streamwal.catalog.LogSource;
import dev.streamwal.catalog.WriterView;
import dev.streamwal.segment.SegmentReader;
import java.util.OptionalLong;

/**
 * How far a walk has to go, so that it has passed every record that existed when a call began. The end itself moves while the stream is appended to: a walk
 * that goes on until nothing follows ends when it happens to be faster than the writer.
 *
 * <p><b>Why that is far enough.</b> A record has its place before its append returns. So in the writer's process, all that existed is below the end of the
 * reserved space, as read once within the call. In shared segments a record can be read a moment before that end is raised. So there all that was listed
 * existed, too: a walk that begins at the mark, which may be a batch's last member, would else end before that member.
 *
 * <p>Another process doesn't know that end. There, the newest segment was listed within the call, so each record that existed is in it, or in one before; and
 * a file has room for a record before the record is published. So all that existed ended at or below the length that the file had within the call, and a
 * record that ends behind that length is a later one. The mark says less: it is raised when space is prepared, and in a large mapped segment megabytes of
 * records may be behind it.
 *
 * <p>Segments that were listed later have nothing that existed, either.
 *
 * <p><b>Why it isn't too far.</b> All that was walked through was there when the call returned. So there was a moment within the call, after the listing, at
 * which the walk's last record was the stream's last one, as far as readers saw it. A scan that reads back from there uses that listing. A later listing would
 * lack what was deleted after that moment, and the scan wouldn't notice.
 *
 * <p><b>Why a walk goes on where it has just reached the length of the file.</b> A file that has lost its end may be as long. What follows tells: a record that
 * came later, or else the mark or the next segment, as at any other end.
 *
 * @param position in the stream
 * @param isReserved whether it is the end of the reserved space, or of what was listed behind it; else it is the end of the file
 */
public record EndAtCall(long position, boolean isReserved) {

    /**
     * As of now.
     *
     * @param newest the newest segment, of a listing made within the call
     * @param fileSize of that segment, also as of a moment within the call
     */
    public static EndAtCall of(LogSource log, SegmentReader newest, long fileSize) {
        WriterView writer = log.writer();
        OptionalLong reserved = writer == null ? OptionalLong.empty() : writer.reservedEnd(newest.segment().key().text());
        long end = reserved.orElse(newest.header().positionAt(fileSize));
        return new EndAtCall(Math.max(end, newest.segment().listedEnd()), reserved.isPresent());
    }

    /**
     * Whether a walk has passed all that existed when it has come to this position, where a record ends.
     *
     * @param isMember whether that record is a member of a batch: readers see all of a batch, and the file may have ended within it
     */
    public boolean isPassedAt(long walkedTo, boolean isMember) {
        return isReserved ? walkedTo >= position : walkedTo > position && !isMember;
    }
}
