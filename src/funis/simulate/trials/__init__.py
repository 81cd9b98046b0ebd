"""Virtual trials: patients made item by item, checked, scored and analysed as recorded ones are."""
