/**
 * Codecs, by which a program appends and reads values of its own types in place of bytes. The program implements a
 * {@link dev.streamwal.codec.RecordCodec}, and gives it to {@code StreamWal.stream} and {@link dev.streamwal.reader.WalReader#scan(String,
 * dev.streamwal.codec.RecordCodec)}:
 *
 * <pre>{@code
 * record Reading(long sensor, double amount) {}
 *
 * static final class ReadingCodec implements RecordCodec<Reading> {
 *
 *     @Override
 *     public int schemaId() {
 *         return 7;                       // the program's own number for readings
 *     }
 *
 *     @Override
 *     public int version() {
 *         return 1;
 *     }
 *
 *     @Override
 *     public void encode(Reading value, ByteBuf target) {
 *         target.writeLongLE(value.sensor()).writeDoubleLE(value.amount());
 *     }
 *
 *     @Override
 *     public Reading decode(ByteBuf content, int version) {
 *         return new Reading(content.readLongLE(), content.readDoubleLE());
 *     }
 * }
 *
 * static double total(WalReader reader, String key) {
 *     double total = 0;
 *     try (TypedCursor<Reading> readings = reader.scan(key, new ReadingCodec())) {
 *         while (readings.next()) {
 *             total += readings.value().amount();
 *         }
 *     }
 *     return total;
 * }
 * }</pre>
 *
 * <p>{@link dev.streamwal.codec.SampleCodec} is for numbers with a time. Codecs for types that write themselves by Chronicle Bytes, or that Jackson writes
 * as JSON, are in {@code dev.streamwal.codec.chronicle} and {@code dev.streamwal.codec.jackson}; a program that uses one of them depends on that library
 * itself.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.codec;

import org.jspecify.annotations.NullMarked;
