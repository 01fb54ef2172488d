"""A content strategy made from real text: read, analysed, compared, planned and written up while one watches."""
