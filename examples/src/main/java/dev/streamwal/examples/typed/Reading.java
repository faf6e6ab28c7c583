package dev.streamwal.examples.typed;

/**
 * What a sensor has measured.
 *
 * @param sensor its number
 * @param amount in the unit
 * @param unit of the amount
 */
public record Reading(long sensor, double amount, String unit) {}
