/**
 * The bytes of a log on disk: layouts, codecs and checksums. Pure: bytes in, values out; no I/O, no clocks, no threads.
 *
 * <p>A segment is a file of one stream:
 *
 * <pre>
 *   segment  = header record* (zero* | footer)
 *   header   = {@link dev.streamwal.format.SegmentHeaderLayout}, the first 16 bytes being a nano-wal 1.0 header
 *   record   = {@link dev.streamwal.format.RecordLayout}, which says when it is visible and when durable
 *   batch    = a control record {@link dev.streamwal.format.BatchLayout} and its member records
 *   footer   = the control record {@link dev.streamwal.format.FooterLayout}, which ends where the file ends
 * </pre>
 *
 * <p>{@code docs/format.md} walks through the hex dump of a small segment; a test holds that dump against these codecs.
 */
@NullMarked
package dev.streamwal.format;

import org.jspecify.annotations.NullMarked;
